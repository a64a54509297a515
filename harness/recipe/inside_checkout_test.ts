import assert from "node:assert/strict";
import { readInside, resolveInside } from "./inside_checkout.ts";

const folder = await Deno.realPath(await Deno.makeTempDir());
const root = `${folder}/recipe`;
await Deno.mkdir(`${root}/sub`, { recursive: true });
await Deno.mkdir(`${root}/.git`);
await Deno.writeTextFile(`${root}/sub/file`, "text");
await Deno.writeTextFile(`${root}/.git/config`, "token");
for (
  const [name, target] of [
    ["own", "sub/file"],
    ["absolute", `${root}/sub/file`],
    ["folder", "sub"],
    ["there", "/etc/hostname"],
    ["not-there", "/etc/no-such-file"],
    ["above", "../.."],
    ["etc", "/etc"],
    ["git", ".git"],
    ["loop", "loop"],
  ] as const
) await Deno.symlink(target, `${root}/${name}`);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("names inside of the recipe are followed, links included", () => {
  for (const name of ["sub/file", "own", "absolute", "folder/file", "sub/../own", `${root}/own`]) {
    assert.deepEqual(resolveInside(root, name), { path: `${root}/sub/file` }, name);
  }
  assert.equal(readInside(root, "own"), "text");
  assert.equal(readInside(root, "folder"), null);
  assert.equal(resolveInside(root, "nothing"), "missing");
  assert.equal(resolveInside(root, "loop"), "missing");
});

Deno.test("what lies outside is told alike, whether it exists or not", () => {
  const names = ["../x", "../../../etc/hostname", "/etc/hostname", "/etc/no-such-file", "there", "not-there"];
  for (const name of [...names, "above/etc", "etc/hostname", "etc/nothing", "git/config", ".git/config"]) {
    assert.equal(resolveInside(root, name), "outside", name);
    assert.equal(readInside(root, name), null);
  }
});

Deno.test("of a file that is too large for settings only the beginning is read", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(`${root}/large`, "x".repeat(3_000_000));
    await Deno.writeTextFile(`${root}/small`, "\ufeffÄ\n");
    assert.equal(readInside(root, "large")?.length, 1024 * 1024);
    assert.equal(readInside(root, "small"), "\ufeffÄ\n");
    assert.equal(readInside(root, "none"), null);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
