import assert from "node:assert/strict";
import { FakeClock } from "../../common/testing/fake_clock.ts";
import { RetryGate } from "./retry_gate.ts";

const of = (repo: string) => ({ repo, owner: repo.slice(0, repo.indexOf("/")) });

Deno.test("a limit counts for its repository, from the second on for the owner, from the second owner on for all", () => {
  const clock = new FakeClock();
  const gate = new RetryGate(clock);
  const open = (...repos: string[]) => repos.map((repo) => gate.leftMs(of(repo)) === 0);
  gate.close(of("a/One"), 60_000);
  assert.equal(gate.leftMs(of("A/one")), 60_000);
  assert.deepEqual(open("a/two", "b/one"), [true, true]);
  gate.close(of("a/two"), 90_000);
  assert.deepEqual(open("a/three", "b/one"), [false, true]);
  assert.equal(gate.leftMs({ owner: "a", repo: null }), 90_000);
  gate.close({ owner: "b", repo: null }, 30_000);
  assert.deepEqual(open("c/one"), [false]);
  clock.pass(30);
  assert.deepEqual(open("c/one", "b/one", "a/one"), [true, true, false]);
  clock.pass(60);
  assert.deepEqual(open("a/one", "a/two"), [true, true]);
});

Deno.test("a limit of what has no owner counts for the forge; one that is over counts for nothing", () => {
  const clock = new FakeClock();
  const gate = new RetryGate(clock);
  gate.close(of("a/one"), 10_000);
  clock.pass(10);
  gate.close(of("a/two"), 10_000);
  assert.equal(gate.leftMs(of("a/three")), 0);
  gate.close({ owner: null, repo: null }, 20_000);
  assert.equal(gate.leftMs(of("z/one")), 20_000);
});
