import assert from "node:assert/strict";
import { join } from "node:path";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { keepImages, lockImages } from "./engine_lock.ts";

const never = new AbortController().signal;

async function withSocket(work: (socket: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(join(folder, "docker.sock"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const keep = (socket: string, said: string[] = [], clock = new FakeClock()) =>
  keepImages(socket, { announce: (text) => void said.push(text), clock, signal: never });

Deno.test("runs keep images together, and nobody removes any until the last of them is over", () =>
  withSocket(async (socket) => {
    const one = await keep(socket);
    const two = await keep(socket);
    assert.equal(await lockImages(socket), null);
    one[Symbol.dispose]();
    assert.equal(await lockImages(socket), null);
    two[Symbol.dispose]();
    using lock = await lockImages(socket);
    assert.notEqual(lock, null);
    assert.equal(await lockImages(socket), null, "two remove at once");
  }));

Deno.test("a run that begins while images are removed waits until that is over, and says so once", () =>
  withSocket(async (socket) => {
    const removing = await lockImages(socket);
    assert.notEqual(removing, null);
    const said: string[] = [];
    /** The one who removes is through when the run has looked three times. */
    class Third extends FakeClock {
      looks = 0;
      override sleep(ms: number): Promise<void> {
        if (++this.looks === 3) removing?.[Symbol.dispose]();
        return super.sleep(ms);
      }
    }
    const clock = new Third();
    using _kept = await keep(socket, said, clock);
    assert.deepEqual([clock.looks, said.length], [3, 1]);
    assert.match(said[0] ?? "", /^Waiting until images/);
  }));

Deno.test("a lock that somebody never gives back ends the run as the host's trouble", () =>
  withSocket(async (socket) => {
    using _removing = await lockImages(socket);
    await assert.rejects(keep(socket), { code: "stage.infra", message: /keeps ".*" locked/ });
  }));
