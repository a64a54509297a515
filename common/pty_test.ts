import assert from "node:assert/strict";
import { exec } from "./exec.ts";
import { inTerminal, withoutEcho } from "./pty.ts";

async function run(...argv: string[]) {
  const { argv: command, env } = inTerminal(argv);
  const { code, stdout } = await exec(command, { env });
  return { code, stdout: withoutEcho(stdout.replaceAll("\r", "")) };
}

Deno.test("a program in a terminal sees one, and what it says and how it ends comes back", async () => {
  const script = 'test -t 0 && test -t 1 && echo "$1"; stty size; exit 7';
  assert.deepEqual(await run("sh", "-c", script, "sh", "fine"), { code: 7, stdout: "fine\n60 220\n" });
});

Deno.test("words reach the program as they are, and no shell reads them", async () => {
  const words = ["a b", "$HOME `id` $(id)", "';\"", "", "*", "-n", "ä"];
  const { stdout } = await run("printf", "[%s]", ...words);
  assert.equal(stdout, words.map((word) => `[${word}]`).join(""));
});

Deno.test("the way the words travelled leaves no trace in the program's environment", async () => {
  const { stdout } = await run("env");
  assert.doesNotMatch(stdout, /CCCI_WORD|^SHELL=/m);
});

Deno.test("a program that asks something gets an end of input", async () => {
  assert.equal((await run("sh", "-c", 'read -r answer; echo "[$answer]"')).stdout, "[]\n");
});

Deno.test("what the terminal echoes of the end of input is not the program's", () => {
  assert.equal(withoutEcho("^@first\nsecond ^@\n^D\b\bthird"), "first\nsecond ^@\nthird");
});
