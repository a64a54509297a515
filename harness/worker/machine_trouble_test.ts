import assert from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import type { RunContext } from "../checks/context.ts";
import { StageFailure } from "../run/stage.ts";
import { DockerError, Swarm } from "../swarm/swarm.ts";
import { engineInfo } from "../testing/engine.ts";
import { trouble, whatIsFull } from "./machine_trouble.ts";

/** An engine that says when it was started, or does not answer, look by look; the last answer stays. */
class FakeSwarm extends Swarm {
  readonly #started: (string | null)[];
  constructor(started: readonly (string | null)[]) {
    super("/nowhere");
    this.#started = [...started];
  }
  override startedAt(): Promise<string | null> {
    const started = (this.#started.length > 1 ? this.#started.shift() : this.#started[0]) ?? null;
    if (started !== null) return Promise.resolve(started);
    return Promise.reject(new DockerError("list networks", { code: "docker.away" }));
  }
  override info() {
    return Promise.resolve(engineInfo("/proc")); // a file system without any free space
  }
}

/** What a stage that failed with this message is told. */
async function told(
  { started, message }: { started: string | null | (string | null)[]; message: string },
): Promise<string | null> {
  const swarm = new FakeSwarm(Array.isArray(started) ? started : [started]);
  const run = {
    swarm,
    clock: new FakeClock(),
    plan: { settings: { RUNS: "/" } },
    folder: { path: "/" },
  } as unknown as RunContext;
  return await trouble(run, { error: new StageFailure(message), engine: "monday" });
}

Deno.test("a failure is the machine's when Docker went away or came back meanwhile, or a disk is full", async () => {
  const message = "The app keeps ending";
  assert.equal(await told({ started: "monday", message }), null);
  assert.match(await told({ started: "tuesday", message }) ?? "", /restarted/);
  assert.match(await told({ started: null, message }) ?? "", /stopped answering/);
  const full = "abra refuses: write env: no space left on device";
  assert.match(await told({ started: "monday", message: full }) ?? "", /full at "\/proc"/);
});

Deno.test("a disk may run out of inodes as well", () => {
  const bytes = { free: 5e9, used: 5e9 };
  assert.equal(whatIsFull({ bytes, inodes: { free: 5_000, used: 60_000 } }), null);
  assert.equal(whatIsFull({ bytes, inodes: null }), null);
  assert.equal(whatIsFull({ bytes, inodes: { free: 7, used: 64_993 } }), "7 of 65000 inodes are free");
  assert.equal(whatIsFull({ bytes: { free: 12e6, used: 5e9 }, inodes: null }), "12.0 MB are free");
});

Deno.test("an engine that is just ending is looked at again, and words of a recipe alone are no proof", async () => {
  const message = "abra refuses: Cannot connect to the Docker daemon at unix:///var/run/docker.sock";
  assert.match(await told({ started: ["monday", "monday", null], message }) ?? "", /stopped answering/);
  assert.match(await told({ started: ["monday", "monday", "tuesday"], message }) ?? "", /restarted/);
  assert.equal(await told({ started: "monday", message }), null);
});
