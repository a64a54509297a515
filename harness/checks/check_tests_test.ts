import assert from "node:assert/strict";
import { join } from "node:path";
import { lookAtEnrolledTests } from "./check_tests.ts";

Deno.test("a folder, a link and what is no text are named where a run takes a file, and the other files are looked at", async () => {
  const root = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    const folder = join(root, "wiki");
    await Deno.mkdir(join(folder, "install_test.ts"), { recursive: true });
    await Deno.symlink("nowhere.ts", join(folder, "upgrade_test.ts"));
    await Deno.writeTextFile(join(root, "shared.ts"), 'import { setup } from "cc-ci";\nsetup(() => {});\n');
    await Deno.symlink("../shared.ts", join(folder, "setup.ts"));
    const latin1 = 'import { seed } from "cc-ci";\nseed(() => void "caf\xe9");\n';
    await Deno.writeFile(join(folder, "seed.ts"), Uint8Array.from(latin1, (letter) => letter.charCodeAt(0)));
    await Deno.writeTextFile(join(folder, "read.ts"), "export {};\n");
    const { findings, checked, files } = await lookAtEnrolledTests({ folder, recipe: "wiki", needs: [] }, {
      settings: { DENO: Deno.execPath(), RUNS: join(root, "runs") },
      tmp: join(root, "tmp"),
      timeoutMs: 180_000,
      signal: new AbortController().signal,
    });
    assert.ok(checked);
    const link = "This is a link: what a run takes has to lie in the folder itself";
    assert.deepEqual(findings.map(({ file, severity, message }) => `${severity} ${file}: ${message}`), [
      'error recipes/wiki/read.ts: The file does not call "read" of the kit',
      "error recipes/wiki/install_test.ts: This is a folder, where a run takes a file",
      `error recipes/wiki/upgrade_test.ts: ${link}`,
      `error recipes/wiki/setup.ts: ${link}`,
      "error recipes/wiki/seed.ts: This is no UTF-8: save the file as UTF-8",
    ]);
    assert.equal(files.length, 5); // whoever runs one is told what is wrong with it, and not that there is none
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
