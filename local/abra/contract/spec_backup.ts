import { deepEqual, doesNotMatch, equal, match, notEqual } from "node:assert/strict";
import { runCommandOk } from "../../../common/command.ts";
import { failedHooks, isBeingReplaced, parseSnapshots, plainBotLine } from "../../../harness/abra/output.ts";
import type { Expectation } from "./expectation.ts";
import type { Lab } from "./lab.ts";

async function snapshots(lab: Lab) {
  const { code, lines } = await lab.terminal("app", "backup", "snapshots", lab.domain, "-n", "-C");
  equal(code, 0, lines.join("\n"));
  return parseSnapshots(lines);
}

async function succeeds(lab: Lab, ...args: string[]): Promise<void> {
  const { code, lines } = await lab.terminal("app", ...args);
  equal(code, 0, lines.join("\n"));
}

/** Runs restic in the bot's container. @returns what it prints */
async function restic(...args: string[]): Promise<string> {
  const filter = ["--filter", "label=coop-cloud.backupbot.enabled"];
  const services = await runCommandOk(["docker", "service", "ls", "-q", ...filter]);
  const format = ["--format", "{{.Spec.Name}}"];
  const name = await runCommandOk(["docker", "service", "inspect", ...format, services.stdout.trim()]);
  const label = `label=com.docker.swarm.service.name=${name.stdout.trim()}`;
  const bot = (await runCommandOk(["docker", "ps", "-q", "--filter", label])).stdout.trim();
  return (await runCommandOk(["docker", "exec", bot, "restic", ...args])).stdout;
}

/** Paths of all that a snapshot holds, a line each. */
function listing(id: string): Promise<string> {
  return restic("ls", "--no-lock", "--quiet", id);
}

/** Backup and restore by the backup bot, on the fixture as it runs. */
export const backupSpec = ([
  {
    command: "abra app backup create DOMAIN -n (no terminal)",
    says: "wants a terminal, `-n` or not; so does `app restore`",
    sure: "T",
    async check(lab) {
      await lab.refuses(/ioctl|TTY/, "app", "backup", "create", lab.domain, "-n", "-C");
      await lab.refuses(/ioctl|TTY/, "app", "restore", lab.domain, "-n", "-C");
    },
  },
  {
    command: "abra app backup snapshots DOMAIN -n -C",
    says: "lists none for an app that was never saved, and ends with 0",
    sure: "?",
    check: async (lab) => deepEqual(await snapshots(lab), []),
  },
  {
    command: "abra app backup create DOMAIN -n -C",
    says: "saves the app in one snapshot; hooks of every service run in that service's container",
    sure: "D",
    async check(lab) {
      await lab.inContainer("app", "mkdir /data/sub && head -c 300000 /dev/urandom > /data/sub/bytes");
      await lab.inContainer("app", "echo before > /cache/left-out");
      await lab.inContainer("side", "echo before > /db/live");
      await succeeds(lab, "backup", "create", lab.domain, "-n", "-C");
      equal((await snapshots(lab)).length, 1);
      equal(await lab.inContainer("side", "ls /db"), "live", "the post-hook removes the dump");
    },
  },
  {
    command: "docker exec BOT restic ls ID",
    says: "the first snapshot holds what a pre-hook has made, at a path where there was nothing before",
    sure: "?",
    async check(lab) {
      const saved = await listing((await snapshots(lab)).at(-1)?.id ?? "");
      match(saved, new RegExp(`/volumes/${lab.stack}_db/_data/dump$`, "m"));
    },
  },
  {
    command: "abra app backup snapshots DOMAIN -n -C",
    says: "prints a line with time and id for each, whatever stands above",
    sure: "?",
    async check(lab) {
      const [snapshot] = await snapshots(lab);
      match(snapshot?.id ?? "", /^[0-9a-f]{8,}$/);
      equal(Math.abs(Date.now() - (snapshot?.time ?? 0)) < 600_000, true, `time ${snapshot?.time}`);
    },
  },
  {
    command: "abra app restore DOMAIN -n -C",
    says: "brings destroyed files back byte for byte while the app runs; its hooks run",
    sure: "D",
    async check(lab) {
      const before = await lab.inContainer(
        "app",
        "md5sum /data/sub/bytes; ls -ln --time-style=+%s /data/sub",
      );
      await lab.inContainer("app", "rm -r /data/sub && echo lost > /cache/left-out");
      await lab.inContainer("side", "echo lost > /db/live");
      await succeeds(lab, "restore", lab.domain, "-n", "-C");
      equal(
        await lab.inContainer("app", "md5sum /data/sub/bytes; ls -ln --time-style=+%s /data/sub"),
        before,
      );
      equal(await lab.inContainer("side", "cat /db/live"), "before");
    },
  },
  {
    command: "abra app restore DOMAIN -n -C",
    says: "leaves a volume alone that `backupbot.backup.volumes.<v>=false` keeps out of backups",
    sure: "D",
    check: async (lab) => equal(await lab.inContainer("app", "cat /cache/left-out"), "lost"),
  },
  {
    command: "abra app restore DOMAIN -n -C --snapshot ID",
    says: "takes that snapshot, not the newest",
    sure: "R",
    async check(lab) {
      await lab.inContainer("side", "echo after > /db/live");
      await succeeds(lab, "backup", "create", lab.domain, "-n", "-C");
      const [first, second] = await snapshots(lab);
      notEqual(first?.id, second?.id);
      await succeeds(lab, "restore", lab.domain, "-n", "-C", "--snapshot", first?.id ?? "");
      equal(await lab.inContainer("side", "cat /db/live"), "before");
    },
  },
  {
    command: "abra app restore DOMAIN -n -C --snapshot ID (of nobody)",
    says: "fails",
    sure: "R",
    async check(lab) {
      const { code } = await lab.terminal("app", "restore", lab.domain, "-n", "-C", "--snapshot", "0123abcd");
      equal(code, 1);
    },
  },
  {
    command: "abra app backup create DOMAIN -n -C (a pre-hook fails)",
    says:
      "says which command failed (a pipe fails with its first part), saves without what it was to make, ends with 0",
    sure: "T",
    async check(lab) {
      const before = await snapshots(lab);
      await lab.inContainer("side", "rm /db/live");
      await lab.setEnv("HOOK", '"false | cat"');
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", "-n", "-o", "-D");
      const { code, lines } = await lab.terminal("app", "backup", "create", lab.domain, "-n", "-C");
      equal(code, 0, lines.join("\n"));
      const failed = failedHooks(lines.map(plainBotLine));
      equal(failed.some((said) => said.includes("false | cat")), true, lines.join("\n"));
      const after = await snapshots(lab);
      equal(after.length, before.length + 1);
      const saved = await listing(after.at(-1)?.id ?? "");
      match(saved, new RegExp(`/volumes/${lab.stack}_data/_data/sub/bytes$`, "m"));
      doesNotMatch(saved, new RegExp(`/volumes/${lab.stack}_db/_data/dump$`, "m"));
    },
  },
  {
    command: "abra app restore DOMAIN -n -C (a post-hook fails)",
    says: "says which command failed, and ends with 0",
    sure: "T",
    async check(lab) {
      const { code, lines } = await lab.terminal("app", "restore", lab.domain, "-n", "-C");
      equal(code, 0, lines.join("\n"));
      equal(failedHooks(lines.map(plainBotLine)).length, 1, lines.join("\n"));
    },
  },
  {
    command: "abra app backup create DOMAIN -n -C (a hook's container does not run just now)",
    says: "ends with 1, in words by which that can be told from other failures",
    sure: "T",
    async check(lab) {
      const snapshotsBefore = await snapshots(lab);
      await using _ = await lab.pause("side");
      const { code, lines } = await lab.terminal("app", "backup", "create", lab.domain, "-n", "-C");
      equal(code, 1, lines.join("\n"));
      equal(isBeingReplaced(lines.map(plainBotLine)), true, lines.join("\n"));
      deepEqual(await snapshots(lab), snapshotsBefore);
    },
  },
  {
    command: "docker exec BOT restic ls ID",
    says: "every snapshot holds the app's secrets below /secrets",
    sure: "T",
    async check(lab) {
      match(await listing((await snapshots(lab)).at(-1)?.id ?? ""), /^\/secrets\/.*given_v1/m);
    },
  },
  {
    command: "docker exec BOT restic forget --prune ID…",
    says:
      "restic in the bot's container finds the repository by the environment; snapshots carry the stack as tag",
    sure: "R",
    async check(lab) {
      const listed = await restic("snapshots", "--json", "--quiet");
      const all: { id: string; tags?: string[] }[] = JSON.parse(listed);
      const own = all.filter(({ tags }) => tags?.some((tag) => tag.split(":")[0] === lab.stack));
      equal(own.length, 3);
      await restic("forget", "--prune", "--quiet", ...own.map(({ id }) => id));
      deepEqual(await snapshots(lab), []);
    },
  },
] satisfies Expectation[]).map((expectation) => ({ ...expectation, swarm: true, bot: true }));
