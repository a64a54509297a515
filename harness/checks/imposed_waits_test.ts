import assert from "node:assert/strict";
import type { Compose } from "../recipe/compose.ts";
import { parseDuration } from "../recipe/compose_values.ts";
import {
  habitsOf,
  imposedByInstall as byInstall,
  imposedByUpgrade as byUpgrade,
  noteImposed,
  stopGrace,
} from "./imposed_waits.ts";

const old = habitsOf("20.10.24+dfsg1");
const imposedByInstall = (one: Compose) => byInstall(one, old);
const imposedByUpgrade = (before: Compose, after: Compose) => byUpgrade(before, after, old);

function compose(...docs: Record<string, unknown>[]): Compose {
  return {
    ok: true,
    files: docs.map((doc, index) => ({ path: `compose.${index}.yml`, doc, raw: doc, lineOf: () => 1 })),
    variablesUnset: [],
    variablesMissing: [],
    env: {},
  };
}

const web = { image: "web:1", healthcheck: { test: ["CMD", "x"], interval: "30s" } };

Deno.test("durations as compose writes them", () => {
  assert.deepEqual(
    ["30s", "1m30s", "500ms", "1h", "1.5s", "5", "x", ""].map(parseDuration),
    [30, 90, 0.5, 3600, 1.5, null, null, null],
  );
});

Deno.test("a fresh deploy waits for the longest first health check", () => {
  const db = { image: "db:1", healthcheck: { test: "x", interval: "5s" } };
  assert.equal(imposedByInstall(compose({ services: { web, db, cron: { image: "c" } } })), 30);
  assert.equal(imposedByInstall(compose({ services: { db: { healthcheck: { test: "x" } } } })), 30);
  assert.equal(
    imposedByInstall(compose({ services: { db: { healthcheck: { ...web.healthcheck, disable: true } } } })),
    0,
  );
  assert.equal(imposedByInstall(compose({ services: { db: { healthcheck: { test: ["NONE"] } } } })), 0);
});

Deno.test("later compose files override earlier ones", () => {
  const over = { services: { web: { healthcheck: { interval: "1s" } } } };
  assert.equal(imposedByInstall(compose({ services: { web } }, over)), 1);
});

Deno.test("an update waits for check and monitor of the services that change", () => {
  const base = compose({ services: { web } });
  const changed = { ...web, image: "web:2" };
  const labels = { ...web, deploy: { labels: ["a=b"] } };
  const monitored = { ...changed, deploy: { update_config: { monitor: "12s" } } };
  const upgrade = (service: Record<string, unknown>) =>
    imposedByUpgrade(base, compose({ services: { web: service } }));
  assert.equal(upgrade(web), 0);
  assert.equal(upgrade(labels), 0);
  assert.equal(upgrade(changed), 35);
  assert.equal(upgrade(monitored), 42);
});

Deno.test("a config under a new name changes the service that uses it", () => {
  const at = (version: string) =>
    compose({
      services: { web: { ...web, configs: [{ source: "conf", target: "/x" }] }, other: web },
      configs: { conf: { name: `s_conf_${version}` } },
    });
  assert.equal(imposedByUpgrade(at("v1"), at("v1")), 0);
  assert.equal(imposedByUpgrade(at("v1"), at("v2")), 35);
});

Deno.test("the time to stop is ten seconds unless the recipe says otherwise", () => {
  const one = compose({ services: { web, db: { stop_grace_period: "1m" } } });
  assert.deepEqual([stopGrace(one, "web"), stopGrace(one, "db")], [10, 60]);
});

Deno.test("since Docker 25 the first check of a service with a start period comes at its start interval", () => {
  const habits = habitsOf("28.5.2");
  const seconds = (healthcheck: Record<string, unknown>) =>
    byInstall(
      compose({ services: { web: { healthcheck: { test: "x", interval: "30s", ...healthcheck } } } }),
      habits,
    );
  assert.equal(seconds({}), 30);
  assert.equal(seconds({ start_period: "0s" }), 30);
  assert.equal(seconds({ start_period: "1m" }), 5);
  assert.equal(seconds({ start_period: "1m", start_interval: "2s" }), 2);
  assert.equal(habitsOf("24.0.9").startIntervals, false);
});

Deno.test("settings impose no more than a wait took", async () => {
  for (const [took, imposed, counted] of [[40_000, 30, 30], [12_000, 30, 12]] as const) {
    const run = { imposed: { install: 1, upgrade: 0 }, swarm: { version: () => Promise.resolve("28.5.2") } };
    await noteImposed(run, { lane: "install", began: 5_000, now: 5_000 + took, imposed: () => imposed });
    assert.equal(run.imposed.install, 1 + counted);
  }
});
