import { deepEqual, equal } from "node:assert/strict";
import { execOk } from "../../common/exec.ts";
import { byNewest, isRelease } from "./git.ts";

/** In a process of its own: this one's home is that of all tests that run side by side. */
async function isDirtyAtHome(recipe: string, home: string): Promise<string> {
  const script = `import { isDirty } from ${JSON.stringify(import.meta.resolve("./git.ts"))};
console.log(await isDirty(${JSON.stringify(recipe)}));`;
  const { stdout } = await execOk([Deno.execPath(), "eval", script], { env: { HOME: home } });
  return stdout.trim();
}

Deno.test("a checkout's settings and its reader's own ones start no program", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const git = (...args: string[]) =>
      execOk([
        "git",
        "-C",
        `${folder}/recipe`,
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        ...args,
      ]);
    await Deno.mkdir(`${folder}/recipe`);
    await git("init", "--quiet");
    await Deno.writeTextFile(`${folder}/recipe/.gitattributes`, "* filter=trap\n");
    await Deno.writeTextFile(`${folder}/recipe/file`, "1\n");
    await git("add", "--all");
    await git("commit", "--quiet", "--message", "One");
    await git("config", "core.fsmonitor", `touch ${folder}/monitor; false`);
    await Deno.mkdir(`${folder}/home`);
    await Deno.writeTextFile(
      `${folder}/home/.gitconfig`,
      `[filter "trap"]\n\tclean = "touch ${folder}/filter; cat"\n[safe]\n\tdirectory = *\n`,
    );
    await Deno.writeTextFile(`${folder}/recipe/file`, "2\n"); // of the same length, so that git cannot tell by the size
    equal(await isDirtyAtHome(`${folder}/recipe`, `${folder}/home`), "true");
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    equal(left.join(), "home,recipe");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("versions are ordered by number, not by text", () => {
  const tags = ["1.9.0+1.2", "1.10.0+1.2", "0.99.1+7", "1.10.0+1.3"];
  deepEqual(tags.sort(byNewest), ["1.10.0+1.3", "1.10.0+1.2", "1.9.0+1.2", "0.99.1+7"]);
});

Deno.test("only recipe versions count as releases", () => {
  equal(isRelease("2.0.1+1.0.6-social-amd64"), true);
  equal(isRelease("v1.0.0"), false);
  equal(isRelease("nightly"), false);
});
