import assert from "node:assert/strict";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import type { StageName } from "../../protocol/result.ts";
import type { WorkerMessage } from "../run/messages.ts";
import { howManyLanes } from "./how_many_lanes.ts";

const GB = 1024 ** 3;
const all: StageName[] = ["fetch", "lint", "install", "upgrade", "teardown"];

function lanes(
  given: { called?: string[]; lanes?: number; stages?: StageName[]; free?: number; asked?: 1 } = {},
) {
  const said: WorkerMessage[] = [];
  const number = howManyLanes({
    plan: {
      settings: given.lanes === undefined ? {} : { LANES: given.lanes },
      stages: given.stages ?? all,
    },
    compose: { head: null, base: null },
    further: [],
    calledOnProxy: new Set(given.called ?? []),
    enrolment: { ...defaultEnrolment("quick"), ...(given.asked && { lanes: given.asked }) },
    send: (message) => void said.push(message),
  }, given.free ?? 8 * GB);
  return { number, said };
}

Deno.test("two apps live side by side where memory allows, unless a setting says otherwise", () => {
  assert.equal(lanes().number, 2);
  assert.equal(lanes({ free: 2 * GB }).number, 1);
  assert.equal(lanes({ free: 2 * GB, lanes: 2 }).number, 2);
  assert.equal(lanes({ lanes: 1 }).number, 1);
  assert.equal(lanes({ lanes: 2, asked: 1 }).number, 1); // recipe.yml
});

Deno.test("apps that would answer to each other's calls live one after the other, and the run says why", () => {
  const { number, said } = lanes({ called: ["db", "cache"], lanes: 2 });
  assert.equal(number, 1);
  assert.deepEqual(said, [{
    type: "note",
    text:
      'install and upgrade run one after the other: the app calls "cache", "db" on the network "proxy", ' +
      "where both apps would answer to that",
  }]);
});

Deno.test("nothing is said of lanes where there is one anyway", () => {
  assert.deepEqual(lanes({ called: ["db"], free: 1 * GB }).said, []);
  assert.deepEqual(lanes({ called: ["db"], stages: ["fetch", "lint", "install", "teardown"] }).said, []);
});
