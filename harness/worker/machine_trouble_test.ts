import assert from "node:assert/strict";
import type { RunContext } from "../checks/context.ts";
import { StageFailure } from "../run/stage.ts";
import { DockerError, Swarm } from "../swarm/swarm.ts";
import { trouble } from "./machine_trouble.ts";

/** An engine that says when it was started, or does not answer. */
class FakeSwarm extends Swarm {
  #started: string | null;
  constructor(started: string | null) {
    super("/nowhere");
    this.#started = started;
  }
  override startedAt(): Promise<string | null> {
    if (this.#started !== null) return Promise.resolve(this.#started);
    return Promise.reject(new DockerError("list networks", { code: "docker.away" }));
  }
  override info() {
    return Promise.resolve({
      DefaultRuntime: "runc",
      Runtimes: {},
      DockerRootDir: "/proc", // a file system without any free space
      Swarm: { LocalNodeState: "active", ControlAvailable: true },
    });
  }
}

/** What a stage that failed with this message is told. */
async function told(machine: { started: string | null; message: string }): Promise<string | null> {
  const swarm = new FakeSwarm(machine.started);
  const run = { swarm, plan: { settings: { RUNS: "/" } }, folder: { path: "/" } } as unknown as RunContext;
  return await trouble(run, { error: new StageFailure(machine.message), engine: "monday" });
}

Deno.test("a failure is the machine's when Docker went away or came back meanwhile, or a disk is full", async () => {
  const message = "The app keeps ending";
  assert.equal(await told({ started: "monday", message }), null);
  assert.match(await told({ started: "tuesday", message }) ?? "", /restarted/);
  assert.match(await told({ started: null, message }) ?? "", /stopped answering/);
  const full = "abra refuses: write env: no space left on device";
  assert.match(await told({ started: "monday", message: full }) ?? "", /full at "\/proc"/);
});
