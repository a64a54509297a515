import assert from "node:assert/strict";
import { readCourierSettings, readSettings } from "../harness/run/settings.ts";
import { harnessEnv, harnessSettings } from "./harness_env.ts";

Deno.test("a harness gets every setting that it reads, and no other", () => {
  const asked = new Set<string>();
  const env = (name: string) => {
    asked.add(name);
    return undefined;
  };
  assert.throws(() => readSettings(env));
  assert.equal(readCourierSettings(env), null);
  asked.add("CCCI_DEBUG"); // no part of a schema: it is read where an error is shown
  const names = harnessSettings.map((name) => `CCCI_${name}`);
  assert.deepEqual(names.toSorted(), [...asked].filter((name) => !isFileOf(name, asked)).toSorted());
});

/** Whether it is the name of a file that holds another setting. */
function isFileOf(name: string, asked: ReadonlySet<string>): boolean {
  return name.endsWith("_FILE") && asked.has(name.slice(0, -"_FILE".length));
}

Deno.test("harnessEnv() hands on the harness' settings, also from files, and none of the bridge's secrets", () => {
  const given: Record<string, string> = {
    PATH: "/bin",
    DENO_DIR: "",
    SSH_AUTH_SOCK: "/agent",
    CCCI_RUNS: "/runs",
    CCCI_STATE: "/state",
    CCCI_MEMBERS_ORG: "recipe-maintainers",
    CCCI_DASHBOARD_URL: "https://ci.example",
    CCCI_FORGE_URL: "https://git.example",
    CCCI_FORGE_TOKEN: "forge-secret",
    CCCI_WEBHOOK_SECRET: "webhook-secret",
    CCCI_BRIDGE_TOKEN: "bridge-secret",
    CCCI_DRONE_TOKEN: "drone-secret",
    CCCI_RUNNER_TOKEN_FILE: "/run/secrets/runner",
  };
  assert.deepEqual(harnessEnv((name) => given[name]), {
    PATH: "/bin",
    CCCI_FORGE_URL: "https://git.example",
    CCCI_RUNS: "/runs",
    CCCI_DASHBOARD_URL: "https://ci.example",
    CCCI_RUNNER_TOKEN_FILE: "/run/secrets/runner",
  });
});
