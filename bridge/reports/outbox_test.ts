import assert from "node:assert/strict";
import type { Forge } from "../forge/forge.ts";
import { Outbox } from "./outbox.ts";
import { Store } from "../store/store.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";

const key = "run:abc";

Deno.test("a verdict that comes while an edit is under way follows at once, another text after a pause", async () => {
  for (const final of [1, 0]) {
    using store = new Store(":memory:");
    const clock = new FakeClock();
    const bodies: string[] = [];
    let meanwhile = () => {};
    const outbox = new Outbox({
      store,
      clock,
      forge: {
        pausedMs: () => 0,
        createComment: () => Promise.resolve({ ok: true, value: { id: 7, userId: 1 } }),
        editComment: ({ body }: { body: string }) => {
          bodies.push(body.split("\n")[0] ?? "");
          meanwhile();
          return Promise.resolve({ ok: true, value: null });
        },
      } as unknown as Forge,
    });
    store.addPost({ key, marker: "m", repo: "a/b", pr: 1, body: "queued", planned_at: clock.now() });
    await outbox.deliver();
    store.changePost(key, { body: "running" });
    meanwhile = () => store.changePost(key, { body: "the end", final });
    await outbox.deliver();
    await outbox.deliver();
    assert.deepEqual(bodies, final === 1 ? ["running", "the end"] : ["running"]);
    meanwhile = () => {};
    clock.pass(3);
    await outbox.deliver();
    assert.deepEqual(bodies, ["running", "the end"]);
  }
});
