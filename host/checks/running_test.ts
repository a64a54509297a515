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
    ActiveEnterTimestampMonotonic: "900000000",
    ...more,
  };
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join("");
  return unitsIn(`${text}\nId=two.service\nLoadState=not-found\nActiveState=inactive\n`, 1000)["one.service"];
}

const cases: [what: string, more: Record<string, string>, outcome: string, says: RegExp][] = [
  ["that runs", {}, "converged", /^runs$/],
  [
    "that was just started, be it the first time,",
    { ActiveEnterTimestampMonotonic: "998000000" },
    "not yet",
    /^Was started 2 s ago\. Look again once it has been up for 30 s; "journalctl -u one\.service"/,
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
    const dead = { loaded: true, state: "failed", detail: "failed", upFor: 0 };
    host.running = { "cc-ci-bridge.service": dead };
    const settings = parseSettings({
      ...{ domain: "ci.example.org", forge: { url: "https://git.example.org", org: "recipes" } },
      ...more,
    });
    const found = await preconditions(settings, { world: host, credentials: secretsOf(), now: 0 });
    return Object.fromEntries(
      found.filter(({ what }) => /\.service$|^bridge$|^secret/.test(what)).map((one) => [one.what, one]),
    );
  };
  const units = async (more: Record<string, unknown>) =>
    Object.keys(await lines(more)).filter((what) => what.endsWith(".service"));
  const drone = { commit: "a".repeat(40) };
  const whole = await lines({ drone });
  const all = ["cc-ci-dashboard.service", "cc-ci-bridge.service", "cc-ci-runner.service"];
  assert.deepEqual(await units({ drone }), all);
  assert.equal(whole["cc-ci-bridge.service"]?.outcome, "wrong");
  assert.equal(whole.bridge?.text, "has builds of cc-ci/cc-ci run at aaaaaaaa");

  // What a host lacks for its bridge is said of every host that has one of its own.
  for (
    const [more, lacks, left] of [
      [
        { drone: {} },
        /nobody is answered, as the settings do not say as "drone\.commit" at which commit/,
        all,
      ],
      [{}, /nobody is answered, as the settings have no "drone"/, ["cc-ci-dashboard.service"]],
    ] as const
  ) {
    assert.match((await lines(more)).bridge?.text ?? "", lacks);
    assert.deepEqual(await units(more), left.filter((name) => name !== "cc-ci-bridge.service"));
  }

  // Nor is anything asked of a part that this host is to do without.
  const without = await lines({ drone, without: ["dashboard", "bridge", "runner"] });
  assert.deepEqual(Object.keys(without).filter((what) => !what.startsWith("secret drone_")), []);
  const further = { name: "two", runnerOf: { domain: "ci.example.com", repository: "cc-ci/cc-ci" } };
  assert.equal((await lines(further)).bridge, undefined);
});

Deno.test("a look at the disk asks for what the settings want to be free", async () => {
  const host = new FakeHost();
  host.free = 12e9;
  const { secretsOf } = bringingFrom("/nowhere");
  const disk = async (more: Record<string, unknown>) => {
    const settings = parseSettings({
      domain: "ci.example.org",
      forge: { url: "https://git.example.org", org: "recipes" },
      ...more,
    });
    const found = await preconditions(settings, { world: host, credentials: secretsOf(), now: 0 });
    return found.find(({ what }) => what === "disk");
  };
  assert.equal((await disk({}))?.outcome, "converged");
  const more = await disk({ minFreeGb: 25 });
  assert.equal(more?.outcome, "wrong");
  assert.match(more?.text ?? "", /has 12 GB free, and a run needs 25 GB\. Make room/);
});
