import assert from "node:assert/strict";
import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { pathsBelow } from "../host/paths.ts";
import { silentProgress } from "../host/progress.ts";
import { ensureEngineProgram } from "./engine_program.ts";

const { signal } = new AbortController();
const step = silentProgress.step("Docker Engine");

Deno.test("CCCI_DOCKERD names the engine to start by a path or a name, and what is none is refused", async () => {
  const cache = await Deno.makeTempDir();
  try {
    const context = { paths: pathsBelow(cache), step, signal };
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
