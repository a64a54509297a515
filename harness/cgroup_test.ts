import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { findCgroup, readUsage } from "./cgroup.ts";

async function withFiles(
  files: Record<string, string>,
  work: (root: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), text);
    }
    await work(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const scope = "/system.slice/docker-abc.scope";

async function usageOf(root: string) {
  const found = await findCgroup(7, { proc: join(root, "proc"), cgroup: join(root, "sys") });
  return found === null ? null : await readUsage(found);
}

Deno.test("version 2: cache that can be dropped does not count", async () => {
  await withFiles({
    "proc/7/cgroup": `0::${scope}\n`,
    [`sys${scope}/memory.current`]: "5000\n",
    [`sys${scope}/memory.stat`]: "anon 10\nfile 1\ninactive_file 1500\nactive_file 2\n",
    [`sys${scope}/cpu.stat`]: "usage_usec 2500000\nuser_usec 1\n",
  }, async (root) => {
    assert.deepEqual(await usageOf(root), { memoryBytes: 3500, cpuSeconds: 2.5 });
  });
});

Deno.test("version 1: each controller has a tree of its own", async () => {
  await withFiles({
    "proc/7/cgroup": "9:name=systemd:/x\n4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/other\n",
    "sys/memory/docker/abc/memory.usage_in_bytes": "5000\n",
    "sys/memory/docker/abc/memory.stat": "inactive_file 1\ntotal_inactive_file 1000\n",
    "sys/cpuacct/docker/abc/cpuacct.usage": "1500000000\n",
  }, async (root) => {
    assert.deepEqual(await usageOf(root), { memoryBytes: 4000, cpuSeconds: 1.5 });
  });
});

Deno.test("a process or a group that is gone has used nothing anybody could tell", async () => {
  await withFiles({ "proc/7/cgroup": `0::${scope}\n` }, async (root) => {
    assert.equal(await usageOf(root), null);
    assert.equal(await findCgroup(8, { proc: join(root, "proc") }), null);
  });
});
