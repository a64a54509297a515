import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exists } from "../../common/files.ts";
import { waitFor } from "../../common/time.ts";
import { buildProgram, dropBuildCaches, dropBuildScratch, stopBuilds } from "./build.ts";
import { type Paths, pathsBelow } from "./paths.ts";
import { silentProgress } from "./progress.ts";

/** A build that goes on until somebody lets it end, and the paths that it belongs to. */
async function scene(): Promise<{ paths: Paths; argv: string[]; begun: string; end: string }> {
  const cache = await Deno.makeTempDir();
  const paths = { ...pathsBelow(cache), repo: cache };
  const script = join(cache, "local", "thing", "build.sh");
  await Deno.mkdir(dirname(script), { recursive: true });
  await Deno.mkdir(paths.bin);
  const [begun, end] = [join(cache, "begun"), join(cache, "end")];
  await new Deno.Command("mkfifo", { args: [end] }).output();
  await Deno.writeTextFile(script, `#!/bin/sh\necho begun >> ${begun}\nread word < ${end}\n: > "$2"\n`, {
    mode: 0o755,
  });
  return { paths, argv: [script, "1.0", join(paths.bin, "thing-1.0")], begun, end };
}

Deno.test("two who want the same built wait for one build, which nobody ends while its starter lives", async () => {
  const { paths, argv, begun, end } = await scene();
  const build = () =>
    buildProgram({
      ...{ name: "Thing", argv, paths, usually: "no time" },
      step: silentProgress.step("Build"),
      signal: new AbortController().signal,
    });
  try {
    const both = Promise.all([build(), build()]);
    await waitFor(() => exists(begun), { what: "the build to begin", timeoutMs: 60_000 });
    await stopBuilds(paths);
    await Deno.writeTextFile(end, "now\n");
    await both;
    assert.equal(await Deno.readTextFile(begun), "begun\n");
    assert.ok(await exists(argv[2] ?? ""));
  } finally {
    await Deno.remove(paths.cache, { recursive: true });
  }
});

Deno.test("folders of a build stay from when it has made them, before it has a process by which others could tell", async () => {
  const { paths, argv, begun, end } = await scene();
  try {
    let dropping: Promise<void> | null = null;
    const step = Object.assign(silentProgress.step("Build"), {
      update: () => void (dropping ??= dropBuildScratch(paths)), // it is called last before the process is started
    });
    const signal = new AbortController().signal;
    const building = buildProgram({ ...{ name: "Thing", argv, paths, usually: "no time" }, step, signal });
    await waitFor(() => exists(begun), { what: "the build to begin", timeoutMs: 60_000 });
    await dropping;
    assert.notEqual(dropping, null);
    assert.ok(await exists(join(paths.build, "tmp")));
    await Deno.writeTextFile(end, "now\n");
    await building;
    await dropBuildCaches(paths);
    assert.equal(await exists(paths.build), false);
  } finally {
    await Deno.remove(paths.cache, { recursive: true });
  }
});
