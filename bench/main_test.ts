import assert from "node:assert/strict";
import { exec } from "../common/exec.ts";

const program = new URL("./main.ts", import.meta.url).pathname;
const cases: [argv: string[], code: number, stdout: RegExp, stderr: RegExp][] = [
  [[], 2, /^$/, /^Name a bench: bridge, dashboard or harness\n$/],
  [["--help"], 0, /^Usage: \.\/cc-ci bench NAME .*^ +bridge .*^ +dashboard .*^ +harness /ms, /^$/],
  [["nosuch"], 2, /^$/, /^There is no bench "nosuch"\nThere are: bridge, dashboard, harness\n$/],
];

for (const [argv, code, stdout, stderr] of cases) {
  Deno.test(`bench ${argv.join(" ") || "without a name"} says which there are`, async () => {
    const said = await exec([Deno.execPath(), "run", "-A", "-q", program, ...argv]);
    assert.equal(said.code, code);
    assert.match(said.stdout, stdout);
    assert.match(said.stderr, stderr);
  });
}
