import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { pathsBelow } from "../host/paths.ts";
import { silentProgress } from "../host/progress.ts";
import { builtEngine, ensureEngineProgram, keptEngine } from "./engine_program.ts";
import type { Registry } from "./registry.ts";

const { signal } = new AbortController();
const step = silentProgress.step("Docker Engine");

Deno.test("CCCI_DOCKERD names the engine to start by a path or a name, and what is none is refused", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const context = { paths: pathsBelow(cache), step, progress: silentProgress, signal };
    const dockerd = join(cache, "dockerd");
    await Deno.writeTextFile(dockerd, "#!/bin/sh\n", { mode: 0o755 });
    assert.deepEqual(await ensureEngineProgram(context, dockerd), [dockerd]);
    assert.deepEqual(await ensureEngineProgram(context, "env"), ["/usr/bin/env"]);
    for (const wrong of ["no-such-dockerd", join(cache, "nothing")]) {
      await assert.rejects(
        ensureEngineProgram(context, wrong),
        (error: UsageError) => error instanceof UsageError && error.message.includes(`"${wrong}"`),
      );
    }
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("an engine that a registry has is taken out of Docker's image, once", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const paths = pathsBelow(cache);
    const asked: string[] = [];
    const registry: Registry = {
      answers: () => Promise.resolve(true),
      pull: () => Promise.reject(new Error("No engine runs that could pull")),
      async files(image, wanted) {
        for (const { paths: [path = ""], to } of wanted) {
          asked.push(`${image} ${path}`);
          await Deno.writeTextFile(to, path);
        }
      },
    };
    const context = { paths, step, progress: silentProgress, signal, registry };
    const { dockerd, proxy } = builtEngine(paths);
    for (let start = 0; start < 2; start++) assert.deepEqual(await keptEngine(context), { dockerd, proxy });
    assert.deepEqual(asked, [
      "docker:28.5.2-dind usr/local/bin/docker-proxy",
      "docker:28.5.2-dind usr/local/bin/dockerd",
    ]);
    assert.equal(await Deno.readTextFile(dockerd), "usr/local/bin/dockerd");
    assert.equal(await Deno.readTextFile(proxy), "usr/local/bin/docker-proxy");
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});
