import assert from "node:assert/strict";
import { HostError } from "../errors.ts";
import { partOf, partsOf } from "../reconcile/parts.ts";
import type { Part } from "../reconcile/reconcile.ts";
import { bringingFrom } from "../testing/bring.ts";
import { issue } from "../testing/certificates.ts";
import { FakeHost } from "../testing/fake_host.ts";
import { convergeParts } from "./converge.ts";

const certificates = await Deno.makeTempDir({ prefix: "cc-ci-converge-" });
globalThis.addEventListener("unload", () => Deno.removeSync(certificates, { recursive: true }));
await issue(certificates);
const { settings, secretsOf } = bringingFrom(certificates);

function partsAt(host: FakeHost): Part[] {
  const around = { world: host, credentials: secretsOf(), now: Date.now };
  return partsOf(settings).map((name) => partOf(name, settings, around));
}

Deno.test("a dry run on a machine without a Swarm says what makes one, does nothing, and finds no fault", async () => {
  const host = new FakeHost();
  const dry = { dryRun: true, signal: new AbortController().signal };
  const [swarm, ...others] = await convergeParts(partsAt(host), dry);
  assert.equal(swarm?.outcome, "converged", swarm?.message);
  assert.match(swarm?.steps.join() ?? "", /Make a Swarm of this node/);
  assert.deepEqual(others, []);
  assert.deepEqual(host.done, []);
  await convergeParts(partsAt(host), { ...dry, dryRun: false });
  const all = await convergeParts(partsAt(host), dry);
  assert.deepEqual(all.map(({ outcome, steps }) => [outcome, steps]), all.map(() => ["converged", []]));
});

Deno.test("a call that is ended does no further step, says so and not what failed by that, and the next call does the rest", async () => {
  const host = new FakeHost();
  const stop = new AbortController();
  const parts = partsAt(host).map((part): Part => ({
    ...part,
    async act(step) {
      if (step.action.kind !== "new-app") return await part.act(step);
      stop.abort(new Error("Ended"));
      throw new Error("abra was ended by SIGTERM");
    },
  }));
  const reports = await convergeParts(parts, { dryRun: false, signal: stop.signal });
  assert.deepEqual(reports.map(({ part, message }) => [part, message]), [
    ["swarm", undefined],
    ["proxy", "Ended"],
  ]);
  const rest = await convergeParts(partsAt(host), { dryRun: false, signal: new AbortController().signal });
  assert.deepEqual(rest.map(({ outcome }) => outcome), rest.map(() => "converged"));
});

Deno.test("a call that is ended between two parts does not end as if all of them were looked at", async () => {
  const stop = new AbortController();
  const parts = partsAt(new FakeHost()).map((part): Part => ({
    ...part,
    async plan() {
      const plan = await part.plan();
      if (part.name === "swarm" && plan.steps.length === 0) {
        stop.abort(new HostError("not yet", "Ended", { hint: "Start again" }));
      }
      return plan;
    },
  }));
  const reports = await convergeParts(parts, { dryRun: false, signal: stop.signal });
  assert.deepEqual(reports.map(({ part, outcome, message }) => [part, outcome, message]), [
    ["swarm", "converged", undefined],
    ["proxy", "not yet", "Ended"],
  ]);
});
