import assert from "node:assert/strict";
import { exec, execOk } from "../common/exec.ts";
import { BASE_DOMAIN } from "../local/paths.ts";
import { RunFolder, runFolders } from "../harness/run_folder.ts";

const kinds: Record<string, string[]> = {
  service: ["service", "ls", "--format", "{{.Name}}"],
  container: ["ps", "-a", "--format", "{{.Names}}"],
  volume: ["volume", "ls", "--format", "{{.Name}}"],
  network: ["network", "ls", "--format", "{{.Name}}"],
  secret: ["secret", "ls", "--format", "{{.Name}}"],
  config: ["config", "ls", "--format", "{{.Name}}"],
};

/** Everything Docker holds, as `kind name`, sorted. Asked of Docker's own client, not of the code under test. */
export async function inventory(): Promise<string[]> {
  const lists = await Promise.all(
    Object.entries(kinds).map(async ([kind, args]) => {
      const { stdout } = await execOk(["docker", ...args]);
      return stdout.split("\n").filter((name) => name !== "").map((name) => `${kind} ${name}`);
    }),
  );
  return lists.flat().sort();
}

/** What an app under test, or one of its anonymous volumes, is called. */
const APP = new RegExp(
  `^\\w+ ([a-z0-9]{1,4}-[0-9a-f]{6}_${BASE_DOMAIN.replaceAll(".", "_")}(_|$)|[0-9a-f]{64}$)`,
);

/**
 * Fails when Docker holds more or less than it did at `before`, apps under test aside: other tests run at the same
 * time. Those are looked after by {@linkcode assertNothingLeft} and, once all tests are through, by the suite.
 */
export async function assertSameInventory(before: string[]): Promise<void> {
  const others = (all: string[]) => all.filter((name) => !APP.test(name));
  assert.deepEqual(others(await inventory()), others(before), "Docker must hold what it held before");
}

/** What Docker holds of one run. */
export async function objectsOf(folder: string): Promise<string[]> {
  const stacks = (await new RunFolder(folder).plan())?.apps.map((app) => app.stack) ?? [];
  return (await inventory()).filter((name) => stacks.some((stack) => name.split(" ")[1]?.startsWith(stack)));
}

/** Fails when Docker holds anything of any run in a folder of runs. */
export async function assertNothingLeft(runs: string): Promise<void> {
  for (const { path } of await runFolders(runs)) {
    assert.deepEqual(await objectsOf(path), [], `Docker must hold nothing of "${path}"`);
  }
}

/** True when a Docker engine answers on the standard socket. */
export async function engineAnswers(): Promise<boolean> {
  return (await exec(["docker", "version", "--format", "{{.Server.Version}}"])).success;
}
