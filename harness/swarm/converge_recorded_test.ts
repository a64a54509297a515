import assert from "node:assert/strict";
import { join } from "node:path";
import { decide } from "./converge.ts";
import type { ServiceState } from "./stack_state.ts";

/** What Docker 20.10, or where that is said 28.5, said of a stack, from its deploy on. All times are milliseconds since then. */
interface Recording {
  /** How long it was watched. */
  until: number;
  /** Each time something changed. */
  frames: { now: number; services: ServiceState[] }[];
}

const folder = new URL("../testing/snapshots", import.meta.url).pathname;
const POLL_MS = 200;

/** Recordings of real deploys on a busy machine: what has to be decided, and after how many seconds. */
const deploys: [name: string, decision: RegExp, seconds: number][] = [
  ["crash-loop", /^exits app .*exit code 3/, 17],
  ["bad-command", /^exits app .*no such file/, 15],
  ["missing-image", /^rejected app .*no image "cc-ci\.invalid\/nothing:1"/, 3],
  ["missing-bind", /^rejected app .*\/no\/such\/place/, 3],
  ["port-conflict", /^unschedulable (app|web) .*host-mode port already in use/, 12],
  ["never-healthy", /^unhealthy app/, 7],
  ["slow-start", /^converged$/, 10],
  ["no-replicas", /^converged$/, 3],
  ["run-once", /^converged$/, 5],
  ["run-once-fails", /^gave-up migrate .*exit code 4/, 4],
  ["job", /^converged$/, 5],
  ["job-fails", /^gave-up job .*exit code 5/, 8],
  ["late-database", /^converged$/, 34],
  ["update", /^converged$/, 5],
  ["equal-redeploy", /^converged$/, 0],
  ["rollback-unhealthy", /^(unhealthy|rolled-back) app/, 3],
  ["rollback-crash", /^rolled-back app .*exit code 1/, 2],
  ["paused", /^exits app .*exit code 1/, 18],
  ["restart-policy-only", /^converged$/, 11],
  ["to-zero", /^converged$/, 0],
  ["job-again", /^converged$/, 6],
  ["job-again-fails", /^gave-up job .*exit code 5/, 2],
  ["run-once-again", /^converged$/, 4],
  ["run-once-again-fails", /^gave-up once .*exit code 4/, 3],
  ["run-once-rolled-back", /^rolled-back once .*its task has ended, though without an error/, 4],
  ["constraint", /^unschedulable app .*constraints not satisfied on 1 node/, 12],
  ["reservation", /^unschedulable app .*insufficient resources on 1 node/, 12],
  ["global", /^converged$/, 3],
  ["global-crash", /^converged$/, 3], // for a second, see harness/app/steadiness_test.ts
  ["global-reservation", /^rejected app .*this machine cannot give what it reserves/, 0],
  ["global-nowhere", /^unschedulable app .*no node is as its constraints ask for/, 12],
  ["global-job", /^converged$/, 4],
  ["addresses-taken", /^converged$/, 22], // by 28.5: a stack that still stops has the addresses of the network
  ["global-job-nowhere", /^unschedulable app .*no node is as its constraints ask for/, 12],
];

for (const [name, decision, seconds] of deploys) {
  Deno.test(`recorded deploy: ${name}`, async () => {
    const recording: Recording = JSON.parse(await Deno.readTextFile(join(folder, `${name}.json`)));
    const seen = replay(recording);
    assert.match(seen.decision, decision);
    assert.equal(Math.round(seen.at / 1000), seconds);
  });
}

Deno.test("every recorded deploy is looked at", async () => {
  const names = [];
  for await (const entry of Deno.readDir(folder)) names.push(entry.name);
  assert.deepEqual(names.toSorted(), deploys.map(([name]) => `${name}.json`).toSorted());
});

/** Polls the recording until something is decided, as a run would. */
function replay({ until, frames }: Recording): { at: number; decision: string } {
  let decision = "nothing";
  for (let now = frames[0]?.now ?? 0; now <= until; now += POLL_MS) {
    const services = frames.findLast((frame) => frame.now <= now)?.services ?? [];
    const decided = decide({ now, services }, 0);
    if (decided.state === "converged") return { at: now, decision: "converged" };
    if (decided.state === "failed") {
      const { kind, service, message } = decided.failure;
      return { at: now, decision: `${kind} ${service} ${message}` };
    }
    decision = `waiting for ${decided.text}`;
  }
  return { at: until, decision };
}
