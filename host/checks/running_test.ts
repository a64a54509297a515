import assert from "node:assert/strict";
import { bringingFrom } from "../testing/bring.ts";
import { FakeHost } from "../testing/fake_host.ts";
import { parseSettings } from "../settings.ts";
import { HostError } from "../errors.ts";
import { unitsIn } from "../world/systemd.ts";
import { preconditions } from "./preconditions.ts";
import { requireRunning } from "./running.ts";

/** What "systemctl show" prints of a unit, 1000 s after the machine was started. */
function shown(more: Record<string, string>) {
  const all = {
    ...{ Id: "one.service", LoadState: "loaded", ActiveState: "active", SubState: "running" },
    ...{ NRestarts: "0", ActiveEnterTimestampMonotonic: "900000000" },
    ...more,
  };
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join("");
  return unitsIn(`${text}\nId=two.service\nLoadState=not-found\nActiveState=inactive\n`, 1000)["one.service"];
}

const cases: [what: string, more: Record<string, string>, outcome: string, says: RegExp][] = [
  ["that runs", {}, "converged", /^runs$/],
  ["that was started again some time ago", { NRestarts: "3" }, "converged", /^runs$/],
  [
    "that was just started again",
    { NRestarts: "3", ActiveEnterTimestampMonotonic: "998000000" },
    "not yet",
    /^Was started again 2 s ago, time 3\. "journalctl -u one\.service"/,
  ],
  [
    "that ends at each start",
    { ActiveState: "activating", SubState: "auto-restart" },
    "not yet",
    /not up yet \(auto-restart\)/,
  ],
  ["that ended for good", { ActiveState: "failed", SubState: "failed" }, "wrong", /^Has ended and is not/],
  ["that nobody started", { ActiveState: "inactive" }, "not yet", /"systemctl start cc-ci\.target"/],
  ["without a file", { LoadState: "not-found", ActiveState: "inactive" }, "not yet", /"\.\/cc-ci install"/],
];
for (const [what, more, outcome, says] of cases) {
  Deno.test(`a unit ${what} is told as that`, () => {
    const said = () => {
      try {
        return ["converged", requireRunning("one.service", shown(more))];
      } catch (error) {
        assert.ok(error instanceof HostError, String(error));
        return [error.outcome, `${error.message}. ${error.hint}`];
      }
    };
    const [came, text] = said();
    assert.equal(came, outcome);
    assert.match(text ?? "", says);
  });
}

Deno.test("a look at a host asks for dashboard, bridge and runner, as far as it has them", async () => {
  const { secretsOf } = bringingFrom("/nowhere");
  const lines = async (more: Record<string, unknown>) => {
    const host = new FakeHost();
    const dead = { loaded: true, state: "failed", detail: "failed", restarts: 0, upFor: 0 };
    host.running = { "cc-ci-bridge.service": dead };
    const settings = parseSettings({
      ...{ domain: "ci.example.org", forge: { url: "https://git.example.org", org: "recipes" } },
      ...more,
    });
    const found = await preconditions(settings, { world: host, credentials: secretsOf(), now: 0 });
    return Object.fromEntries(
      found.filter(({ what }) => what.endsWith(".service")).map((one) => [one.what, one]),
    );
  };
  const whole = await lines({ drone: { commit: "a".repeat(40) } });
  assert.deepEqual(Object.keys(whole).sort(), [
    ...["cc-ci-bridge.service", "cc-ci-dashboard.service", "cc-ci-runner.service"],
  ]);
  assert.equal(whole["cc-ci-bridge.service"]?.outcome, "wrong");
  assert.deepEqual(Object.keys(await lines({ drone: {} })), [
    "cc-ci-dashboard.service",
    "cc-ci-runner.service",
  ]);
  assert.deepEqual(Object.keys(await lines({})), ["cc-ci-dashboard.service"]);
});
