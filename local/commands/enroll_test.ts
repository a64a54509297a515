import assert from "node:assert/strict";
import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { inTerminal } from "../../common/pty.ts";

const main = new URL("../main.ts", import.meta.url).pathname;

/** Enrols a recipe in a terminal where one key is pressed at the first question. */
async function press(key: string) {
  const root = await Deno.makeTempDir({ prefix: "ccci-test-" });
  try {
    const checkout = join(root, "wiki");
    const recipes = join(root, "recipes");
    await Deno.mkdir(join(recipes, "wiki"), { recursive: true });
    await execOk(["git", "init", "-q", checkout]);
    const identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
    await execOk(["git", "-C", checkout, ...identity, "commit", "-q", "-m", "one", "--allow-empty"]);
    const program = [Deno.execPath(), "run", "-A", "-q", main];
    const { argv, env } = inTerminal([...program, "enroll", checkout, "--into", recipes, "--no-run"]);
    const [command = "", ...args] = argv;
    const child = new Deno.Command(command, { args, env, stdin: "piped", stdout: "piped" }).spawn();
    const keyboard = child.stdin.getWriter();
    let said = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      // Before the question a key would be the terminal's, and not an answer.
      if (!said.includes("[n]") && (said + part).includes("[n]")) {
        await keyboard.write(new TextEncoder().encode(key));
      }
      said += part;
    }
    const { code } = await child.status;
    await keyboard.close().catch(() => {});
    assert.ok(!await exists(join(recipes, "wiki", "recipe.yml")));
    return { code, said: said.replaceAll("\r", "") };
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

for (const [name, key] of [["Ctrl-C", "\u0003"], ["the end of the input", "\u0004"]] as const) {
  Deno.test(`${name} at a question ends enroll, and is no answer`, async () => {
    const { code, said } = await press(key);
    assert.equal(code, 4, said);
    assert.match(said, /\nNobody answered "[^"]*".*, so nothing was written\n$/);
  });
}
