import assert from "node:assert/strict";
import { planApp, type WantedApp } from "./app.ts";
import type { SeenApp } from "./seen.ts";

const wanted: WantedApp = {
  ...{ recipe: "backup-bot-two", domain: "backup-bot", version: null, settings: {} },
  secrets: [{ name: "restic_password", version: "vnew", value: "another-password" }],
  keyOfData: "restic_password",
};

/** The key that a deploy has the data learn, of a bot that does not run and has left these secrets. */
function learned(secrets: string[]): string | undefined {
  const seen: SeenApp = {
    recipe: { versions: ["2.3.0+2.3.0-beta"], at: ["2.3.0+2.3.0-beta"] },
    ...{ settings: null, sample: "", version: null, services: {}, waitingFor: null, routes: null },
    secrets,
  };
  const { steps } = planApp(wanted, { ...seen, model: null });
  const deploy = steps.map(({ action }) => action).find(({ kind }) => kind === "deploy");
  assert.ok(deploy?.kind === "deploy");
  return deploy.newKey;
}

Deno.test("data of an app that was removed has to learn a new password as well, and a new app has none", () => {
  const old = "backup-bot_restic_password_vold";
  const another = "backup-bot_restic_password_vnew";
  assert.equal(learned([old]), "another-password");
  assert.equal(learned([old, another]), "another-password");
  assert.equal(learned([another]), undefined);
  assert.equal(learned([]), undefined);
});

Deno.test("a recipe whose commit was published as several versions stands at each of them", () => {
  const versions = ["1.1.0+1", "1.0.0+1", "0.9.0+1"];
  const seen: SeenApp & { model: null } = {
    recipe: { versions, at: ["1.1.0+1", "1.0.0+1"] },
    ...{ settings: null, sample: "", version: null, services: {}, waitingFor: null, routes: null },
    ...{ secrets: [], model: null },
  };
  const fetches = (version: string) =>
    planApp({ ...wanted, version }, seen).steps.some(({ action }) => action.kind === "fetch-recipe");
  assert.deepEqual(versions.map(fetches), [false, false, true]);
});
