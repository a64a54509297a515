import assert from "node:assert/strict";
import { runCommand, runCommandOk } from "../common/command.ts";
import { emptyVolume } from "../harness/checks/empty_volume.ts";
import { Swarm } from "../harness/swarm/swarm.ts";
import { stackForRuns } from "./harness_cli.ts";
import { onRealServices } from "./scene.ts";

const STACK = "cc-ci-e2e-empty-volume";
const IMAGE = "nginx:1.22.1";

/** Files in a volume, and in everything that is mounted in the middle of it. */
const FILL = `
set -e
cd /data
seq -f '%g a name that is long enough to fill more than one command line' 2000 | xargs -d '\\n' touch
touch .hidden ..odd ./-rf 'new
line' 'star*'
mkdir -p sub/inner a/b && touch sub/x sub/inner/y a/file a/b/file
ln -s /other link
ln -s sub inside
touch cache/keep a/deep/keep bound/keep mem/keep /other/keep`;
const FOREIGN = [
  "/data/a/deep/keep",
  "/data/bound/keep",
  "/data/cache/keep",
  "/data/mem/keep",
  "/other/keep",
];

interface Lab {
  swarm: Swarm;
  files: () => Promise<string[]>;
  /** Runs a script in the container, by a shell of this name. */
  inside: (script: string, shell?: string) => Promise<string>;
  empty: (paths: string[] | null) => ReturnType<typeof emptyVolume>;
}

/** A container with a volume, and other volumes, a folder of the host and memory mounted inside that. */
function inLab(name: string, work: (lab: Lab) => Promise<void>, { access = "rw" } = {}): void {
  onRealServices(name, async () => {
    const { env } = await stackForRuns();
    const bound = await Deno.makeTempDir({ prefix: "cc-ci-e2e-" });
    const mounts = ["cache:/data/cache", "deep:/data/a/deep", "other:/other"].map((one) => `${STACK}_${one}`);
    const volumes = [`${STACK}_data:/data:${access}`, ...mounts, `${bound}:/data/bound`];
    const labels = ["--label", `com.docker.stack.namespace=${STACK}`];
    // What a read-only volume has mounted inside must be there before.
    const folders = "mkdir -p /data/cache /data/a/deep /data/bound /data/mem";
    try {
      await runCommandOk(["docker", "run", "--rm", "-v", `${STACK}_data:/data`, IMAGE, "sh", "-c", folders]);
      const { stdout } = await runCommandOk([
        ...["docker", "run", "--detach", "--init", ...labels, "--tmpfs", "/data/mem"],
        ...volumes.flatMap((one) => ["-v", one]),
        ...[IMAGE, "sleep", "600"],
      ]);
      const id = stdout.trim();
      const inside = async (script: string, shell = "sh") =>
        (await runCommandOk(["docker", "exec", id, shell, "-c", script])).stdout;
      if (access === "rw") await inside(FILL);
      const swarm = new Swarm(env.CCCI_DOCKER_SOCKET ?? "/var/run/docker.sock");
      const volume = { service: "app", key: "data", name: `${STACK}_data`, target: "/data" };
      await work({
        swarm,
        inside,
        files: async () => (await inside("find /data /other ! -type d | sort")).trim().split("\n"),
        empty: async (paths) =>
          await emptyVolume(swarm, {
            containers: await swarm.containers(STACK),
            saved: { volume, paths },
            timeoutMs: 60_000,
            signal: new AbortController().signal,
          }),
      });
    } finally {
      const filter = `label=com.docker.stack.namespace=${STACK}`;
      const { stdout } = await runCommandOk(["docker", "ps", "-aq", "--filter", filter]);
      for (const id of stdout.split("\n").filter(Boolean)) await runCommandOk(["docker", "rm", "-f", id]);
      for (const name of ["data", "cache", "deep", "other"]) {
        await runCommand(["docker", "volume", "rm", "-f", `${STACK}_${name}`]);
      }
      await Deno.remove(bound, { recursive: true });
    }
  });
}

inLab(
  "all of a volume goes, and nothing of what is mounted in it or linked from it",
  async ({ files, empty }) => {
    const { deleted, why, others } = await empty(null);
    assert.deepEqual([deleted, why], ["all", ""]);
    assert.deepEqual(others.toSorted(), ["/data/a/deep", "/data/bound", "/data/cache", "/data/mem"]);
    assert.deepEqual(await files(), FOREIGN);
  },
);

inLab("of a volume that is saved in part, these parts go and no others", async ({ files, empty }) => {
  const before = await files();
  assert.equal((await empty(["sub/x", "a", "not/there", "-rf", "inside/inner"])).deleted, "all");
  const gone = ["/data/sub/x", "/data/sub/inner/y", "/data/a/file", "/data/a/b/file", "/data/-rf"];
  assert.deepEqual(await files(), before.filter((path) => !gone.includes(path)));

  const led = await empty(["link/keep", "cache/keep", ".hidden"]);
  assert.equal(led.deleted, "some");
  assert.match(
    led.why,
    /something else is mounted over cache\/keep; a link leads from link out of the volume/,
  );
  assert.deepEqual(await files(), before.filter((path) => ![...gone, "/data/.hidden"].includes(path)));
});

inLab("what a volume of an app without a shell holds goes by the backup bot's shell", async (lab) => {
  const { empty, inside } = lab;
  const FULL = "find /data /other ! -type d -size +0c | sort";
  await inside("find /data /other -type f -exec sh -c 'for file do echo text > \"$file\"; done' sh {} +");
  await inside("mv $(command -v sh) /usr/bin/no-shell");
  const full = async () => (await inside(FULL, "no-shell")).trim().split("\n");
  const before = await full();
  const part = await empty(["sub/x", "link/keep", "inside/inner"]); // the bot has nothing where the first link leads
  assert.deepEqual(part, { deleted: "all", why: "", others: [] });
  const gone = ["/data/sub/x", "/data/sub/inner/y"];
  assert.deepEqual(await full(), before.filter((path) => !gone.includes(path)));
  assert.deepEqual(await empty(null), { deleted: "all", why: "", others: [] });
  assert.deepEqual(await full(), FOREIGN);
});

inLab("a volume that nothing can write to is left alone, and that is said", async ({ empty }) => {
  assert.deepEqual(await empty(null), {
    deleted: "none",
    why: "nothing that runs can write to it",
    others: [],
  });
}, { access: "ro" });
