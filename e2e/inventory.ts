import assert from "node:assert/strict";
import * as z from "zod";
import { runCommand, runCommandOk } from "../common/command.ts";
import { deployable, RunFolder, runFolders } from "../harness/run/folder.ts";
import { waitFor } from "../common/time.ts";
import { silentProgress } from "../local/host/progress.ts";
import { ensureStack } from "../local/stack/stack.ts";

/** Docker's API. No connection is kept, as tests restart the engine. */
const engine = Deno.createHttpClient({
  proxy: { transport: "unix", path: "/var/run/docker.sock" },
  poolMaxIdlePerHost: 0,
});
const named = z.union([
  z.object({ Name: z.string() }).transform(({ Name }) => Name),
  z.object({ Names: z.array(z.string()) }).transform(({ Names: [name = ""] }) => name.slice(1)),
  z.object({ Spec: z.object({ Name: z.string() }) }).transform(({ Spec }) => Spec.Name),
]);
const list = z.union([
  z.array(named),
  z.object({ Volumes: z.array(named) }).transform(({ Volumes }) => Volumes),
]);

const swarm = z.object({ Swarm: z.object({ LocalNodeState: z.string() }) });

/** Where Docker's API lists the objects of each kind. */
const kinds = {
  service: "/services",
  container: "/containers/json?all=true",
  volume: "/volumes",
  network: "/networks",
  secret: "/secrets",
  config: "/configs",
};

/**
 * Everything Docker holds, as `kind name`, sorted. Docker's API is asked, past the code under test: tests look often,
 * and a start of Docker's own client for each kind took more processor time than what they looked at.
 */
export async function inventory(only?: keyof typeof kinds, ask = askDocker): Promise<string[]> {
  const lists = await Promise.all(
    Object.entries(kinds).filter(([kind]) => only === undefined || kind === only).map(
      async ([kind, path]) => {
        const { status, body } = await ask(path);
        if (status === 200) return list.parse(body).map((name) => `${kind} ${name}`);
        // By 503 Docker answers as well while its node comes up, and out of a Swarm it has nothing of such a kind.
        if (status === 503 && await isOutOfSwarm(ask)) return [];
        throw new Error(`Docker answered ${status} about ${path}: ${JSON.stringify(body)}`);
      },
    ),
  );
  return lists.flat().sort();
}

async function askDocker(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`http://docker${path}`, { client: engine });
  return { status: answer.status, body: await answer.json() };
}

async function isOutOfSwarm(ask: typeof askDocker): Promise<boolean> {
  const { body } = await ask("/info");
  return swarm.parse(body).Swarm.LocalNodeState === "inactive";
}

/**
 * What belongs to the stack that all tests stand on, and not to a test that goes on at the same time. Its containers
 * may be replaced at any time.
 */
const OF_THE_STACK = /^(?!container )\w+ (cc-ci-(traefik|backup-bot)_|proxy$|docker_gwbridge$)/;

/**
 * Fails when the stack has more or less than it had at `before`. Other tests go on at the same time, so that all else
 * is left to {@linkcode assertNothingLeft} and, once they are through, to the suite.
 */
export async function assertSameInventory(before: string[]): Promise<void> {
  const stack = (all: string[]) => all.filter((name) => OF_THE_STACK.test(name));
  assert.deepEqual(stack(await inventory()), stack(before), "The stack must have what it had before");
}

/** What Docker holds of one run, its providers included: all of it, or one kind. */
export async function objectsOf(folder: string, only?: keyof typeof kinds): Promise<string[]> {
  const plan = await new RunFolder(folder).plan();
  const stacks = plan === null ? [] : deployable(plan).map((app) => app.stack);
  return (await inventory(only)).filter((name) =>
    stacks.some((stack) => name.split(" ")[1]?.startsWith(stack))
  );
}

/** Fails when Docker holds anything of any run in a folder of runs. */
export async function assertNothingLeft(runs: string): Promise<void> {
  for (const { path } of await runFolders(runs)) {
    assert.deepEqual(await objectsOf(path), [], `Docker must hold nothing of "${path}"`);
  }
}

/** Removes an app as an operator would, with its data. */
export async function removeStack(stack: string): Promise<void> {
  await runCommandOk(["docker", "stack", "rm", stack]);
  const ofStack = ["--quiet", "--filter", `label=com.docker.stack.namespace=${stack}`];
  const left = async (list: string[]) => (await runCommandOk(["docker", ...list, ...ofStack])).stdout.trim();
  await waitFor(async () => await left(["ps", "--all"]) === "", {
    what: `the containers of ${stack} to go`,
    timeoutMs: 120_000,
  });
  const volumes = (await left(["volume", "ls"])).split("\n").filter((name) => name !== "");
  if (volumes.length > 0) await runCommandOk(["docker", "volume", "rm", ...volumes]);
  // Those that abra makes have names of the stack's and no label.
  const secrets = (await inventory("secret")).map((name) => name.replace("secret ", ""))
    .filter((name) => name.startsWith(`${stack}_`));
  if (secrets.length > 0) await runCommandOk(["docker", "secret", "rm", ...secrets]);
  // Docker says that a network is gone a little before it is.
  await waitFor(async () => await left(["network", "ls"]) === "", {
    what: `the networks of ${stack} to go`,
    timeoutMs: 120_000,
  });
}

/** True when a Docker engine answers on the standard socket. */
export async function engineAnswers(): Promise<boolean> {
  return (await runCommand(["docker", "version", "--format", "{{.Server.Version}}"])).success;
}

/**
 * What Docker and the backup bot hold once a whole stack runs and no test does. Containers are left out: those of the
 * stack's own services may have been replaced.
 */
export async function restingInventory(): Promise<string[]> {
  await ensureStack({ progress: silentProgress });
  const all = (await inventory()).filter((name) => !name.startsWith("container "));
  return [...all, ...await snapshots()].sort();
}

/** Backups in the bot's repository, as `snapshot HOST`: the bot writes the app's stack there. */
async function snapshots(): Promise<string[]> {
  const bots = await runCommandOk(["docker", "ps", "-q", "--filter", "name=^cc-ci-backup-bot_app"]);
  const [bot = ""] = bots.stdout.split("\n"); // the newest: the one it replaces may still be there
  if (bot === "") return [];
  // Without a lock, since a backup that was killed may have left one.
  const list = ["restic", "-q", "--no-lock", "snapshots", "--json"];
  const { stdout } = await runCommandOk(["docker", "exec", bot, ...list]);
  const listed: { hostname: string }[] = JSON.parse(stdout.trim() || "[]") ?? [];
  return listed.map(({ hostname }) => `snapshot ${hostname}`);
}

/** What is in one list only: `+` in the second, `-` in the first. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((one) => !before.includes(one)).map((one) => `+ ${one}`),
    ...before.filter((one) => !after.includes(one)).map((one) => `- ${one}`),
  ];
}
