import assert from "node:assert/strict";
import type { App } from "../app/app.ts";
import { type StageContext, StageFailure } from "../run/stage.ts";
import type { PageLook } from "./front_page.ts";
import { lookAfterRestore } from "./look_after_restore.ts";

const good: PageLook = { screenshot: "restore.png", isPage: true, blemishes: [], notes: [], failure: null };
const bad: PageLook = { ...good, failure: new StageFailure('The page does not show ".up"') };

/** Looks at a page that is seen so, one time after the other, while these containers run, one look after the other. */
async function looked(pages: PageLook[], containers: string[][]) {
  const done: string[] = [];
  const note = (what: string) => () => Promise.resolve(void done.push(what));
  const app = {
    stack: "wiki",
    swarm: {
      containers: () => Promise.resolve((containers.shift() ?? []).map((Id) => ({ Id, State: "running" }))),
    },
    converge: note("converge"),
    answers: note("answers"),
  } as unknown as App;
  const look = () => {
    done.push("look");
    return Promise.resolve(pages.shift() ?? assert.fail("One look too many"));
  };
  const seen = await lookAfterRestore(app, { look, ctx: { log: () => {} } as unknown as StageContext });
  return { failed: seen.failure !== null, done: done.join(" ") };
}

Deno.test("a page that was opened while a restore's hook had a service started anew is opened once more", async () => {
  const again = "look converge answers look";
  assert.deepEqual(await looked([bad, good], [["web", "old"], ["new", "web"]]), {
    failed: false,
    done: again,
  });
  assert.deepEqual(await looked([bad, good], [["web"], ["web", "new"]]), { failed: false, done: again });
  assert.deepEqual(await looked([bad, bad], [["web", "old"], ["web"]]), { failed: true, done: again });
});

Deno.test("a page of containers that stay is looked at once, whatever it shows", async () => {
  assert.deepEqual(await looked([bad], [["web", "app"], ["app", "web"]]), { failed: true, done: "look" });
  assert.deepEqual(await looked([good], [["old"]]), { failed: false, done: "look" });
});
