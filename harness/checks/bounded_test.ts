import assert from "node:assert/strict";
import { type StageContext, StageFailure } from "../run/stage.ts";
import { bounded, excessOf } from "./bounded.ts";
import type { RunContext } from "./context.ts";

const run = {
  plan: { apps: [{ lane: "install", stack: "cust-0a1b2c_ci_localhost" }] },
  exceeded: new Map([["install", "backup"]]),
} as unknown as RunContext;
const ctx = {} as StageContext;

Deno.test("an app that was ended because it used too much is not worked with any more", async () => {
  const work = () => Promise.reject(new Error("must not be tried"));
  await assert.rejects(bounded("install", work)(run, ctx), { code: "stage.blocked", message: "backup" });
});

Deno.test("a stage without an app is nobody's to watch", async () => {
  const worked: unknown[] = [];
  await bounded(null, (...given) => Promise.resolve(void worked.push(...given)))(run, ctx);
  assert.deepEqual(worked, [run, ctx]);
});

Deno.test("a published version that uses too much is not held against the head", () => {
  const excess = new StageFailure("The app used 2 GiB of memory", { code: "floor.exceeded" });
  const of = (version: string | null) => excessOf(excess, { version, ctx: { log: () => {} } }) as Error;
  assert.equal(of(null), excess);
  assert.deepEqual([of("1.0.0+1").name, of("1.0.0+1").message], [
    "StageBlocked",
    "the published version 1.0.0+1, which uses more than an app may: The app used 2 GiB of memory",
  ]);
});
