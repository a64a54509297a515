import assert from "node:assert/strict";
import { AbraError } from "../../harness/abra/abra.ts";
import { HostError } from "../errors.ts";
import { byAbra } from "./apps.ts";

const cases: [what: string, error: AbraError, outcome: string, hint: RegExp][] = [
  [
    "took too long",
    new AbraError("did not end in time", { lines: [], code: "abra.timeout" }),
    "not yet",
    /busy/,
  ],
  [
    "found no Docker",
    new AbraError('"abra app deploy" ended with exit code 1', {
      lines: ["FATA Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"],
      code: "abra.broken",
    }),
    "not yet",
    /systemctl status docker/,
  ],
  [
    "is not there",
    new AbraError("There is no abra", { lines: [], code: "abra.missing" }),
    "wrong",
    /^Install abra/,
  ],
  ["refused", new AbraError("no such recipe", { lines: ["FATA no such recipe"] }), "wrong", /^abra said so/],
];
for (const [what, error, outcome, hint] of cases) {
  Deno.test(`an abra that ${what} is told as ${outcome}`, async () => {
    await assert.rejects(byAbra(() => Promise.reject(error)), (told: HostError) => {
      assert.match(told.hint ?? "", hint);
      return told.outcome === outcome;
    });
  });
}
