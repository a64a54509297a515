import assert from "node:assert/strict";
import { defaultLimits, readLimits, withFloor } from "./runtime.ts";
import { CONTAINER, recordedConfig, recordedProcess } from "./testing/recorded.ts";
import { runtime } from "./testing/runtime.ts";

const limits = { memoryBytes: 500_000_000, processes: 100, cpus: 1.5 };
const config = recordedConfig("/var/lib/docker");

Deno.test("a container of a run gets no raw sockets in any of its sets, and keeps its other capabilities", () => {
  const { capabilities } = JSON.parse(withFloor(config, { limits, swap: true })).process;
  const before = JSON.parse(config).process.capabilities;
  assert.deepEqual(Object.keys(capabilities), Object.keys(before));
  for (const [set, names] of Object.entries(capabilities)) {
    assert.deepEqual(names, before[set].filter((name: string) => name !== "CAP_NET_RAW"));
    assert.equal((names as string[]).length, before[set].length - 1);
  }
});

Deno.test("a container of a run gets limits, and keeps those of its own that are stricter", () => {
  const { memory, pids, cpu } = JSON.parse(withFloor(config, { limits, swap: true })).linux.resources;
  assert.deepEqual(memory, { limit: 500_000_000, swap: 500_000_000, disableOOMKiller: false });
  assert.deepEqual(pids, { limit: 100 });
  assert.deepEqual(cpu, { shares: 256, quota: 150_000, period: 100_000 });

  const strict = JSON.parse(config);
  Object.assign(strict.linux.resources, {
    memory: { limit: 1e8, reservation: 6e8 },
    pids: { limit: 10 },
    cpu: { shares: 2, quota: 5_000, period: 50_000 },
  });
  const kept = JSON.parse(withFloor(JSON.stringify(strict), { limits, swap: false })).linux.resources;
  assert.deepEqual(kept.memory, { limit: 1e8, reservation: 1e8, disableOOMKiller: false });
  assert.deepEqual(kept.pids, { limit: 10 });
  assert.deepEqual(kept.cpu, { shares: 2, quota: 5_000, period: 50_000 });

  const without = JSON.parse(config);
  without.linux.resources = { pids: { limit: -1 }, memory: { limit: 0 } };
  const given = JSON.parse(withFloor(JSON.stringify(without), { limits, swap: true })).linux.resources;
  assert.deepEqual([given.pids.limit, given.memory.limit, given.cpu.quota], [100, 500_000_000, 150_000]);
});

Deno.test("nothing else of a configuration changes, not even numbers that are too large to be read here", () => {
  const changed = withFloor(config, { limits, swap: true });
  assert.match(changed, /"hard":18446744073709551615,"soft":18446744073709551615/);
  const rest = (text: string) => {
    const spec = JSON.parse(text);
    delete spec.process.capabilities;
    delete spec.process.oomScoreAdj;
    for (const key of ["memory", "pids", "cpu"]) delete spec.linux.resources[key];
    return spec;
  };
  assert.deepEqual(rest(changed), rest(config));
});

Deno.test("limits that make no sense are refused", () => {
  assert.deepEqual(readLimits(JSON.stringify(limits)), limits);
  for (const wrong of [{ ...limits, cpus: 0 }, { ...limits, processes: "9" }, { memoryBytes: 1, cpus: 1 }]) {
    assert.throws(() => readLimits(JSON.stringify(wrong)), /what the app may use/);
  }
  assert.equal(defaultLimits(4).cpus, 3.6);
});

const RUN = "cust-0a1b2c_ci_localhost";

Deno.test("the runtime: a container of a run is made with what the harness wrote down, and runc is called as before", async () => {
  await using one = await runtime(RUN, JSON.stringify(limits));
  const { success, stderr } = await one.create();
  assert.ok(success, stderr);
  assert.equal((await one.spec()).linux.resources.memory.limit, 500_000_000);
  assert.equal((await one.spec()).linux.resources.pids.limit, 100);
  assert.match((await one.notes())[0] ?? "", new RegExp(`^--root .* create --bundle .* ${CONTAINER}$`));
});

Deno.test("the runtime: a health check of such a container gets no raw sockets either", async () => {
  await using one = await runtime(RUN);
  await one.create();
  assert.ok((await one.exec()).success);
  const process = await one.process();
  assert.doesNotMatch(JSON.stringify(process.capabilities), /NET_RAW/);
  const before = JSON.parse(recordedProcess);
  assert.deepEqual({ ...process, capabilities: null }, { ...before, capabilities: null });
  assert.equal(process.capabilities.bounding.length, before.capabilities.bounding.length - 1);
});

Deno.test("the runtime: containers of others stay as they are, health checks included", async () => {
  await using one = await runtime("traefik_ci_localhost");
  await one.create();
  await one.exec();
  assert.match(JSON.stringify((await one.spec()).process), /NET_RAW/);
  assert.equal((await one.spec()).linux.resources.pids, undefined);
  assert.match(JSON.stringify((await one.process()).capabilities), /NET_RAW/);
  assert.equal((await one.notes()).length, 2);
});

Deno.test("the runtime: a container that nothing is known of, or no limits, gets few", async () => {
  for (const stack of [null, RUN]) {
    await using one = await runtime(stack);
    assert.ok((await one.create()).success);
    assert.equal((await one.spec()).linux.resources.pids.limit, 1024);
    assert.doesNotMatch(JSON.stringify((await one.spec()).process.capabilities), /NET_RAW/);
  }
});

Deno.test("the runtime: no container is made when its limits cannot be read", async () => {
  await using one = await runtime(RUN, "{}");
  const { success, stderr } = await one.create();
  assert.equal(success, false);
  assert.match(stderr, /what the app may use/);
  assert.deepEqual(await one.notes(), [""]);
});

Deno.test("the runtime: other commands reach runc word for word", async () => {
  await using one = await runtime(RUN);
  await one.call("delete", "--force", CONTAINER);
  assert.match((await one.notes())[0] ?? "", new RegExp(` delete --force ${CONTAINER}$`));
});
