import assert from "node:assert/strict";
import { exec, execOk } from "../common/exec.ts";

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

/** Fails when Docker holds more or less than it did at `before`. */
export async function assertSameInventory(before: string[]): Promise<void> {
  assert.deepEqual(await inventory(), before, "Docker must hold exactly what it held before");
}

/** True when a Docker engine answers on the standard socket. */
export async function engineAnswers(): Promise<boolean> {
  return (await exec(["docker", "version", "--format", "{{.Server.Version}}"])).success;
}
