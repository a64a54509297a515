import { equal } from "node:assert/strict";
import { execOk } from "../../common/exec.ts";
import { isDirty } from "./git.ts";

Deno.test("a checkout's settings and its reader's own ones start no program", async () => {
  const folder = await Deno.makeTempDir();
  const home = Deno.env.get("HOME");
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
    await Deno.writeTextFile(
      `${folder}/.gitconfig`,
      `[filter "trap"]\n\tclean = "touch ${folder}/filter; cat"\n[safe]\n\tdirectory = *\n`,
    );
    Deno.env.set("HOME", folder);
    await Deno.writeTextFile(`${folder}/recipe/file`, "2\n"); // as long as before: git has to look into it
    equal(await isDirty(`${folder}/recipe`), true);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    equal(left.join(), ".gitconfig,recipe");
  } finally {
    if (home === undefined) Deno.env.delete("HOME");
    else Deno.env.set("HOME", home);
    await Deno.remove(folder, { recursive: true });
  }
});
