import assert from "node:assert/strict";
import { belongsToRun } from "./sweep_runs.ts";

Deno.test("belongsToRun() knows apps under test by label, or by name where there is none", () => {
  assert.equal(belongsToRun("mini-9d70e4_ci_localhost_app", "mini-9d70e4_ci_localhost"), true);
  assert.equal(belongsToRun("mini-9d70e4_ci_localhost_db_password_v1", undefined), true);
});

Deno.test("belongsToRun() leaves alone what only looks alike", () => {
  assert.equal(belongsToRun("gitlab_ci_localhost_data", "gitlab_ci_localhost"), false);
  assert.equal(belongsToRun("gitlab_ci_localhost_data", undefined), false);
  assert.equal(belongsToRun("mini-9d70e4_ci_localhost_app", "somebody_else"), false);
  assert.equal(belongsToRun("mini-9d70e4_example_org_app", undefined), false);
  assert.equal(belongsToRun("postgres", undefined), false);
});
