import assert from "node:assert/strict";
import type { RunView } from "../../protocol/dashboard_api.ts";
import type { RunOutcome } from "../../protocol/result.ts";
import type { Run } from "../store/rows.ts";
import { Watchdog } from "./watchdog.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { FakeDashboard } from "../testing/fake_dashboard.ts";

const run = { id: "abcdef012345", attempt: 1, view: null } as Run;

/** The run once the dashboard has this result of it. */
async function withResult(result: RunOutcome): Promise<Run> {
  const dashboard = new FakeDashboard(new FakeClock());
  const address = `${dashboard.url}/api/runs/abcdef012345-1`;
  await dashboard.fetch(address, {
    method: "PUT",
    headers: { authorization: "Bearer bridge-token" },
    body: JSON.stringify({
      ...{ recipe: "custom-html", commit: "a".repeat(40), state: "running" },
      subject: { kind: "pr", pr: 1, src: "recipe-maintainers/custom-html" },
    }),
  });
  dashboard.result("abcdef012345-1", { result, stages: [] });
  const view: RunView = await (await dashboard.fetch(address)).json();
  return { ...run, view: JSON.stringify(view) };
}

Deno.test("a harness is given 90 s of silence, counted from when its run is said to run", () => {
  const dog = new Watchdog();
  assert.equal(dog.look(run, { now: 0, silentMs: 500_000 }), null, "it waited in the queue all that time");
  assert.equal(dog.look(run, { now: 89_000, silentMs: 589_000 }), null);
  assert.equal(dog.look(run, { now: 200_000, silentMs: 0 }), null, "heard just now");
  assert.equal(dog.look(run, { now: 290_000, silentMs: 90_000 })?.outcome, "infra");
});

Deno.test("a result counts where the engine keeps saying that the run runs", async () => {
  for (
    const [result, outcome] of [["passed", "passed"], ["failed", "failed"], ["cancelled", "infra"]] as const
  ) {
    const dog = new Watchdog();
    const over = await withResult(result);
    assert.equal(dog.look(over, { now: 0, silentMs: 0 }), null, "the engine has just not heard of it yet");
    assert.equal(dog.look(over, { now: 29_000, silentMs: 29_000 }), null);
    assert.equal(dog.look(over, { now: 30_000, silentMs: 30_000 })?.outcome, outcome);
  }
});

Deno.test("an engine that was away has its time again", async () => {
  const dog = new Watchdog();
  const over = await withResult("passed");
  dog.look(over, { now: 0, silentMs: 0 });
  dog.forget(over);
  assert.equal(dog.look(over, { now: 60_000, silentMs: 60_000 }), null);
});
