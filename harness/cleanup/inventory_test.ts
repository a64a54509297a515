import assert from "node:assert/strict";
import { disappeared, foreignAmong } from "./inventory.ts";
import type { Kind } from "../swarm/swarm.ts";

const object = (kind: Kind, name: string, stack: string | null = null) => ({
  kind,
  id: `${kind}-${name}`,
  name,
  stack,
});
const ours = "cust-0a1b2c_ci_localhost";

Deno.test("what belongs to a run is not foreign, whether it says so by label or by name", () => {
  const foreign = foreignAmong([
    object("service", `${ours}_app`, ours),
    object("secret", `${ours}_key_v1`),
    object("volume", `${ours}_data`, ours),
    object("volume", "a".repeat(64)),
    object("container", "whatever"),
    object("volume", "someones_data", "someones"),
    object("service", "wiki_ci_localhost_app", "wiki_ci_localhost"),
    object("network", "proxy"),
  ], "ci.localhost");
  assert.deepEqual(foreign.map((one) => one.name), ["someones_data", "wiki_ci_localhost_app", "proxy"]);
});

Deno.test("an object that came back under its name is another one", () => {
  const before = [object("volume", "a"), object("network", "n"), object("service", "s")];
  const after = [object("volume", "a"), { ...object("network", "n"), id: "new" }, object("service", "t")];
  assert.deepEqual(disappeared(before, after).map((one) => one.name), ["n", "s"]);
});
