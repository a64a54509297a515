import assert from "node:assert/strict";
import { TestDashboard } from "../testing/dashboard.ts";
import { announcementOf, tell, type Told } from "../testing/story.ts";

/** Turns the order of what follows around, then a colour, a bell and the end of the turning. */
const scrambling = "\u202eevil\x1b[31m\x07\u2066\u061c\u200f";
// deno-lint-ignore no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

Deno.test("nothing that a forge or a harness says can reorder the text beside it, on any page", async () => {
  await using dashboard = new TestDashboard();
  const name = `main${scrambling}`;
  const told: Told = {
    run: "scramble-1",
    recipe: "miniflux",
    subject: { kind: "branch", name, src: "a/miniflux" },
    base: `1.0.0${scrambling}`,
    result: "failed",
    stage: "upgrade",
    cause: `the cause ${scrambling}`,
    notes: [scrambling],
    leftovers: [scrambling],
    stages: [
      { name: "install", result: "failed", cause: scrambling, detail: scrambling, notes: [scrambling] },
      {
        name: "upgrade",
        result: "failed",
        cause: scrambling,
        detail: scrambling,
        tail: [scrambling],
        log: [scrambling],
        blemishes: [scrambling],
        proofs: [scrambling],
        resources: [{ service: scrambling, peakMemoryBytes: 1, cpuSeconds: 1, diskBytes: 1 }],
        findings: [{ rule: scrambling, severity: "error", file: scrambling, message: scrambling }],
      },
      { name: "tests", result: "skipped", reason: scrambling },
    ],
  };
  await tell(dashboard, told);
  const waiting = announcementOf(told, { state: "expired", cause: scrambling });
  await dashboard.announce("scramble-2", waiting);
  await dashboard.announce("scramble-3", announcementOf(told));
  const paths = [
    "/",
    "/recipes/miniflux",
    "/runs/scramble-1",
    "/runs/scramble-2",
    "/runs/scramble-1/stages/upgrade",
    "/runs/scramble-1/log.txt",
    "/runs/scramble-1/log",
    "/queue",
    "/status",
    "/feed.atom",
    "/badge/miniflux.svg",
  ];
  for (const path of paths) {
    const text = await dashboard.page(path);
    assert.match(text, /evil|cc-ci|retry/, path);
    assert.equal(controls.exec(text), null, path);
  }
});

Deno.test("a name stands by itself, so that one written from right to left moves nothing beside it", async () => {
  await using dashboard = new TestDashboard();
  const subject = { kind: "branch", name: "ענף", src: "a/miniflux" } as const;
  const cause = "שבור";
  await tell(dashboard, {
    run: "hebrew-1",
    recipe: "miniflux",
    subject,
    base: "גרסה",
    result: "failed",
    cause,
  });
  for (const path of ["/", "/recipes/miniflux", "/runs/hebrew-1", "/status"]) {
    assert.match(await dashboard.page(path), /<bdi>branch ענף<\/bdi>/, path);
  }
  for (const path of ["/", "/recipes/miniflux"]) {
    assert.match(await dashboard.page(path), /<bdi>שבור<\/bdi>/, path);
  }
  assert.match(await dashboard.page("/runs/hebrew-1"), /over <bdi>גרסה<\/bdi>/);
});
