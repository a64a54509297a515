import assert from "node:assert/strict";
import { join } from "node:path";
import { exists } from "../../common/files.ts";
import { runCommandOk } from "../../common/command.ts";
import type { Registry } from "../docker/registry.ts";
import { pathsBelow } from "../host/paths.ts";
import { silentProgress } from "../host/progress.ts";
import { officialGitea } from "./official.ts";

/** A loader that says which program it was to start, as what. */
const LOADER = '#!/bin/sh\necho "gitea version 1.26.0 built with: $*"\n';

async function withRegistry(
  { loader, files }: { loader?: string; files?: Registry["files"] },
  work: (at: { folder: string; get: () => Promise<string | undefined>; asked: string[] }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const asked: string[] = [];
  const registry: Registry = {
    answers: () => Promise.resolve(true),
    pull: () => Promise.reject(new Error("No engine may be needed")),
    files: files ?? (async (image, wanted) => {
      for (const { paths, to } of wanted) {
        asked.push(`${image} ${paths[0]}`);
        await Deno.writeTextFile(to, to.endsWith("loader") ? loader ?? LOADER : "", { mode: 0o755 });
      }
    }),
  };
  const context = {
    paths: pathsBelow(folder),
    progress: silentProgress,
    signal: new AbortController().signal,
    registry,
  };
  try {
    await work({ folder, asked, get: () => officialGitea("1.26.0", context) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the official Gitea is started by its image's loader, as a program that knows its own path", () =>
  withRegistry({}, async ({ get, asked }) => {
    const program = await get();
    assert.ok(program);
    assert.deepEqual(asked, [
      "gitea/gitea:1.26.0 app/gitea/gitea",
      `gitea/gitea:1.26.0 lib/ld-musl-${Deno.build.arch}.so.1`,
    ]);
    const { stdout } = await runCommandOk([program, "web"]);
    assert.ok(stdout.includes(`--argv0 ${program} ${join(program, "..", "program")} web`), stdout);
    assert.equal(await get(), program);
    assert.equal(asked.length, 2, "it is fetched once");
  }));

Deno.test("a Gitea that does not start here, or is another one, is not used, and nothing of it stays", async () => {
  for (const loader of ["#!/bin/sh\nexit 1\n", '#!/bin/sh\necho "gitea version 1.26.01 built"\n']) {
    await withRegistry({ loader }, async ({ get, folder }) => {
      assert.equal(await get(), undefined);
      assert.deepEqual(await Array.fromAsync(Deno.readDir(join(folder, "bin"))), []);
    });
  }
});

Deno.test("a registry without Gitea leaves it to be built", () =>
  withRegistry({ files: () => Promise.reject(new Error("no such image")) }, async ({ get, folder }) => {
    assert.equal(await get(), undefined);
    assert.equal(await exists(join(folder, "bin", "gitea-1.26.0-official")), false);
  }));
