import assert from "node:assert/strict";
import { type lookAtUnits, restartRunning } from "./systemd.ts";

const names = ["cc-ci-dashboard.service", "cc-ci-bridge.service"];
const unit = (loaded: boolean) => ({ loaded, state: "inactive", detail: "dead", upFor: 0 });

async function restarted(look: typeof lookAtUnits) {
  const calls: string[] = [];
  const said: string[] = [];
  const call = (argv: string[]) => Promise.resolve(calls.push(argv.join(" ")));
  await restartRunning(names, { log: (line) => void said.push(line), look, call });
  return { calls, said };
}

Deno.test("services are started again as far as systemd knows them, and nothing is called without one", async () => {
  const [dashboard = "", bridge = ""] = names;
  const call = "systemctl --no-block try-restart";
  const both = { [dashboard]: unit(true), [bridge]: unit(true) };
  assert.deepEqual(await restarted(() => Promise.resolve(both)), {
    calls: [`${call} ${names.join(" ")}`],
    said: [],
  });
  const one = { [dashboard]: unit(true), [bridge]: unit(false) };
  assert.deepEqual((await restarted(() => Promise.resolve(one))).calls, [`${call} ${dashboard}`]);
  for (const seen of [{}, null]) {
    assert.deepEqual(await restarted(() => Promise.resolve(seen)), { calls: [], said: [] });
  }
  const { calls, said } = await restarted(() => Promise.reject(new Error("no bus")));
  assert.deepEqual(calls, []);
  assert.match(
    said.join(),
    /^Could not have cc-ci-dashboard\.service and cc-ci-bridge\.service started .*no bus/,
  );
});
