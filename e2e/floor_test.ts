import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../common/exec.ts";
import { runFolders } from "../harness/run/folder.ts";
import { type ComposeFile, makeRecipe } from "./fixture_recipe.ts";
import { HARNESS, runRecipe } from "./harness_cli.ts";
import { type Bench, onTheStack, stage } from "./on_the_stack.ts";

/** Ends well when the kernel refuses a socket by which one can speak for others on a network. */
const RAW_SOCKET = "perl -e 'exit(socket(S, 17, 3, 768) ? 1 : 0)'";
/** Ends well when fewer processes can be made than a container may have. */
const FORK_BOMB = "perl -e 'for (1..3000) { my $$p = fork; last unless defined $$p; " +
  "if (!$$p) { sleep 600; exit } push @p, $$p } kill 9, @p; waitpid $$_, 0 for @p; exit(@p > 1030 ? 1 : 0)'";
const LOG_FLOOD = "yes $$(head -c 8000 /dev/zero | tr '\\0' x) | head -c 168000000";
const MEMORY = "head -c 600000000 /dev/zero | tail > /dev/null";
const DISK = "head -c 600000000 /dev/zero > /usr/share/nginx/html/filler";

/** Installs a recipe whose app does this before it is what it should be. */
async function install(
  bench: Bench,
  quick: { script: string; env: Record<string, string>; args?: string[]; health?: string },
) {
  const compose = ({ services: { app = {} } }: ComposeFile) => {
    app.command = ["sh", "-c", `${quick.script}; exec nginx -g 'daemon off;'`];
    // What the app does first may take longer on a busy machine than a container without a start period lives.
    const test = ["CMD-SHELL", quick.health ?? "curl -f http://localhost/"];
    app.healthcheck = { test, interval: "1s", timeout: "5s", retries: 3, start_period: "60s" };
  };
  const path = await makeRecipe(join(bench.folder, "quick"), { compose });
  return await runRecipe(bench.stack, {
    runs: bench.runs,
    args: [path, "--only", "install", ...quick.args ?? []],
    env: { CCCI_REQUIRE_FLOOR: "1", ...quick.env },
  });
}

onTheStack(
  "raw sockets, a fork bomb and a flooded log get nothing, in a health check neither",
  async (bench) => {
    const ended = await install(bench, {
      script: ["set -e", RAW_SOCKET, FORK_BOMB, LOG_FLOOD].join("; "),
      health: `${RAW_SOCKET} && curl -f http://localhost/`,
      args: ["--keep"],
      env: {},
    });
    const folder = (await runFolders(bench.runs))[0];
    const harness = async (...args: string[]) =>
      await execOk([...HARNESS, ...args], {
        cwd: new URL("..", import.meta.url).pathname,
        env: bench.stack.env,
      });
    try {
      assert.match((await harness("floor")).stdout, /^The Docker Engine has the floor\. /);
      assert.equal(stage(ended, "install")?.result, "passed", ended.stderr); // an attack that works ends the app
      const stack = (await folder?.plan())?.apps.find(({ lane }) => lane === "install")?.stack ?? "";
      const docker = async (...args: string[]) => (await execOk(["docker", ...args])).stdout.trim();
      const id = await docker("ps", "-q", "--filter", `label=com.docker.stack.namespace=${stack}`);
      const log = await docker("inspect", "--format", "{{.LogPath}}", id);
      let kept = 0;
      for await (const { name } of Deno.readDir(join(log, ".."))) {
        if (name.includes("-json.log")) kept += (await Deno.stat(join(log, "..", name))).size;
      }
      assert.ok(kept > 1e6 && kept < 31e6, `${kept} bytes of log`);
    } finally {
      await harness("remove", folder?.path ?? "");
    }
  },
);

for (
  const { what, script, env, cause } of [
    {
      what: "memory",
      script: MEMORY,
      env: { CCCI_RUN_MEMORY: "256" },
      cause: 'Used more than 256 MB of memory, in service "app"',
    },
    {
      what: "disk",
      script: DISK,
      env: { CCCI_RUN_DISK: "100" },
      cause: "Used more than 100 MB of disk",
    },
  ]
) {
  onTheStack(`an app that uses more ${what} than it may is ended, and the result says so`, async (bench) => {
    const ended = await install(bench, { script, env });
    assert.equal(ended.result?.result, "failed", ended.stderr);
    assert.equal(ended.result.stage, "install");
    assert.equal(ended.result.cause, cause);
    assert.equal(stage(ended, "teardown")?.result, "passed");
  });
}
