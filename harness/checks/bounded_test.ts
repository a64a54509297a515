import assert from "node:assert/strict";
import type { StageContext } from "../run/stage.ts";
import { bounded } from "./bounded.ts";
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
