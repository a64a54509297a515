import { deepEqual, equal } from "node:assert/strict";
import { waitFor } from "../../../common/time.ts";
import type { Expectation } from "./expectation.ts";

/** What abra must do when an app is taken away, on a real Swarm. */
export const teardownSpec = ([
  {
    command: "abra app remove DOMAIN -f -n (deployed)",
    says: "refuses an app that is still deployed",
    sure: "R",
    async check(lab) {
      await lab.refuses(/deployed/, "app", "remove", lab.domain, "-f", "-n");
      equal((await lab.env())?.DOMAIN, lab.domain);
    },
  },
  {
    command: "abra app volume rm DOMAIN -f -n (deployed)",
    says: "refuses an app that is still deployed",
    sure: "R",
    check: (lab) => lab.refuses(/deployed/, "app", "volume", "rm", lab.domain, "-f", "-n"),
  },
  {
    command: "abra app undeploy DOMAIN -n",
    says: "removes services and configs; volumes and secrets stay",
    sure: "S",
    async check(lab) {
      await lab.succeeds("app", "undeploy", lab.domain, "-n");
      await waitFor(async () => [...await lab.names("service"), ...await lab.names("config")].length === 0, {
        what: "services and configs to go",
        timeoutMs: 30_000,
      });
      deepEqual(
        await lab.names("volume"),
        ["cache", "data", "db"].map((name) => `${lab.stack}_${name}`),
      );
      deepEqual(await lab.names("secret"), [`${lab.stack}_given_v1`, `${lab.stack}_made_v1`]);
    },
  },
  {
    command: "abra app undeploy DOMAIN -n (not deployed)",
    says: "refuses an app that is not deployed",
    sure: "?",
    check: (lab) => lab.refuses(/not deployed/, "app", "undeploy", lab.domain, "-n"),
  },
  {
    command: "abra app volume rm DOMAIN -f -n",
    says: "removes the app's volumes once no container holds them",
    sure: "R",
    async check(lab) {
      await lab.removeContainers();
      await lab.succeeds("app", "volume", "rm", lab.domain, "-f", "-n");
      deepEqual(await lab.names("volume"), []);
    },
  },
  {
    command: "abra app volume rm DOMAIN -f -n (none left)",
    says: "ends with 0",
    sure: "?",
    check: async (lab) => void await lab.succeeds("app", "volume", "rm", lab.domain, "-f", "-n"),
  },
  {
    command: "abra app secret rm DOMAIN --all -n",
    says: "removes the app's secrets",
    sure: "R",
    async check(lab) {
      await lab.succeeds("app", "secret", "rm", lab.domain, "--all", "-n");
      deepEqual(await lab.names("secret"), []);
    },
  },
  {
    command: "abra app secret rm DOMAIN --all -n (none left)",
    says: "ends with 1",
    sure: "?",
    check: (lab) => lab.refuses(/no secrets/, "app", "secret", "rm", lab.domain, "--all", "-n"),
  },
  {
    command: "abra app remove DOMAIN -f -n",
    says: "removes the app's `.env`",
    sure: "R",
    async check(lab) {
      await lab.succeeds("app", "remove", lab.domain, "-f", "-n");
      equal(await lab.env(), undefined);
    },
  },
  {
    command: "abra app remove DOMAIN -f -n (no such app)",
    says: "ends with 1",
    sure: "?",
    check: (lab) => lab.refuses(/cannot find app/, "app", "remove", lab.domain, "-f", "-n"),
  },
] satisfies Expectation[]).map((expectation) => ({ ...expectation, swarm: true }));
