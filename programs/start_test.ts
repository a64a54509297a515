import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../common/exec.ts";
import { SMALL_HEAP } from "../common/small_heap.ts";
import {
  besidePrograms,
  isCommandOf,
  moduleCommand,
  ownDeno,
  ownHome,
  requirePrograms,
  startCommand,
  WAITING,
} from "./start.ts";

const binary = { form: "binary", folder: "/nix/bin" } as const;
const bundle = { form: "bundle", folder: "/opt/cc ci" } as const;

Deno.test("a program that runs from its sources finds what lies beside it", async () => {
  assert.equal(ownHome().form, "source");
  assert.ok((await Deno.stat(besidePrograms("recipes") ?? "")).isDirectory);
  assert.ok((await Deno.stat(join(ownHome().folder, "harness.ts"))).isFile);
});

Deno.test("every form is started in its own way, with the lists that take the place of the set's", () => {
  const places = { net: ["127.0.0.1:1", "a:2"], read: ["/a b", "/c"] };
  const [deno, ...args] = startCommand("bridge", {
    home: bundle,
    set: "bridge-local",
    places,
  });
  assert.equal(deno, Deno.execPath());
  assert.deepEqual(args.filter((word) => !word.startsWith("--v8-flags=")), [
    ...["run", "--quiet", "--no-prompt", "--no-remote", "--no-npm", "--no-lock"],
    ...["--permission-set=bridge-local", "--allow-net=127.0.0.1:1,a:2", "--allow-read=/a b,/c"],
    "/opt/cc ci/bridge.js",
  ]);
  assert.deepEqual(startCommand("harness", { home: binary, places }), ["/nix/bin/cc-ci-harness"]);
  assert.ok(startCommand("harness").at(-1)?.endsWith("/harness.ts"));
  const small = (["bridge", "dashboard", "harness", "host"] as const).filter((program) =>
    startCommand(program).includes(SMALL_HEAP)
  );
  assert.deepEqual(small, WAITING);
});

Deno.test("a place with a comma is refused, because Deno would take it for two", () => {
  assert.throws(
    () => startCommand("bridge", { home: bundle, places: { read: ["/c", "/a,b"] } }),
    /^UsageError: Could not let a program read "\/a,b": Deno takes that for two places$/,
  );
});

Deno.test("Deno has no way to write a place with a comma: two of them are no comma", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "read.ts"), "Deno.readTextFileSync(Deno.args[0]);\n");
    const path = join(folder, "a,b");
    await Deno.writeTextFile(path, "");
    const read = async (list: string) =>
      await exec([
        Deno.execPath(),
        "run",
        "--quiet",
        "--no-prompt",
        `--allow-read=${list}`,
        join(folder, "read.ts"),
        path,
      ]);
    assert.equal((await read(folder)).code, 0);
    assert.match((await read(path)).stderr, /Requires read access/);
    assert.match((await read(path.replace(",", ",,"))).stderr, /Empty path is not allowed/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a binary has nothing beside it, and finds the deno for recipe tests on the PATH", async () => {
  assert.equal(besidePrograms("recipes", binary), undefined);
  assert.equal(besidePrograms("recipes", bundle), "/opt/cc ci/recipes");
  const folder = await Deno.makeTempDir();
  try {
    assert.equal(ownDeno(binary, `relative:${folder}`), undefined);
    await Deno.writeTextFile(join(folder, "deno"), "");
    assert.equal(ownDeno(binary, `relative:/nowhere:${folder}`), join(folder, "deno"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a command line is known as one of ours in every form", () => {
  const set = "harness";
  for (const path of ["/a/harness.ts", "/a/harness.js"]) {
    assert.ok(isCommandOf("harness", [...moduleCommand(path, { set }), "keeper", "/runs/1"]), path);
  }
  assert.ok(isCommandOf("harness", startCommand("harness", { home: binary })));
  assert.ok(!isCommandOf("harness", ["deno", "run", "/a/not-harness.ts", "/harness.ts/x"]));
});

Deno.test("a folder without our programs is refused before anything is started from it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const hint = /"\.\/cc-ci bundle .*" writes them/;
    const refused = { message: `There are no programs of cc-ci in "${folder}"`, hint };
    assert.throws(() => requirePrograms({ form: "bundle", folder }), refused);
    await Deno.writeTextFile(join(folder, "harness.js"), "");
    requirePrograms({ form: "bundle", folder });
    requirePrograms(ownHome());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
