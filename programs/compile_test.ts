import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../common/exec.ts";
import { PROGRAMS } from "./bundle.ts";
import { compileCommand } from "./compile.ts";
import type { Start } from "./start.ts";
import { bakedIn, wantedPermissions } from "./testing/baked.ts";
import { folder, tmp } from "./testing/bundled.ts";

const { permissions } = JSON.parse(await Deno.readTextFile(join(folder, "deno.json")));

/** Makes a binary with Deno itself in the place of the Deno without a command line, which only runs in part. */
async function compiled(program: typeof PROGRAMS[number], places?: Start["places"]) {
  const output = join(await Deno.makeTempDir({ dir: tmp }), `cc-ci-${program}`);
  const compile = {
    deno: Deno.execPath(),
    programs: folder,
    output,
    ...places === undefined ? {} : { places },
  };
  await execOk(compileCommand(program, compile), {
    env: { DENORT_BIN: Deno.execPath(), DENO_DIR: join(tmp, "deno-dir") },
    cwd: "/",
  });
  const baked = await bakedIn(output);
  await Deno.remove(output);
  return baked;
}

Deno.test("a binary of every bundle can be made, and has the permissions of its set in it", async () => {
  for (const program of PROGRAMS) {
    const baked = await compiled(program);
    const relative = Object.entries(permissions[program]).filter(([, list]) =>
      Array.isArray(list) && list.some((one: string) => one.startsWith("./"))
    );
    // What begins with a dot means a folder of the build, so hosts name all of their folders.
    const wanted = wantedPermissions(permissions[program]);
    for (const [kind] of relative) {
      const list = wanted[`allow_${kind}`];
      assert.ok(Array.isArray(list));
      wanted[`allow_${kind}`] = list.map((one) => one.startsWith("./") ? join(folder, one) : one);
    }
    assert.deepEqual(baked.permissions, wanted, program);
    assert.equal(baked.app_name, `cc-ci-${program}`);
  }
});

Deno.test("a binary has the places of its host in it in the place of the set's, no cache that others could write, and a small heap", async () => {
  const places = { net: ["172.18.0.1:3182"], read: ["/a b", "/var/lib/cc-ci"], write: ["/var/lib/cc-ci"] };
  const baked = await compiled("bridge", places);
  assert.deepEqual(baked.permissions, wantedPermissions(permissions.bridge, places));
  assert.equal(baked.code_cache_key, null);
  assert.deepEqual(baked.v8_flags.slice(-2), ["--max-semi-space-size=1", "--optimize-for-size"]);
});
