import assert from "node:assert/strict";
import { linesOf, maskSecrets, type Transcript } from "./transcript.ts";

function call(command: string, printed: Partial<Transcript>): Transcript {
  return {
    origin: "abra",
    abra: "0.13.0-beta",
    about: "",
    command: command.split(" "),
    exitCode: 0,
    terminal: null,
    stdout: [],
    stderr: [],
    ...printed,
  };
}

const SECRET = "0123456789abcdef0123";

for (
  const [form, stdout] of Object.entries({
    "as JSON": [`[{"name":"made","value":"${SECRET}"}]`],
    "in a table": ["\u001b[1m┃ made ┃\u001b[0m", `┃ made ┃ ${SECRET} ┃`],
    "in colours": [`made: \u001b[32m${SECRET}\u001b[0m`],
  })
) {
  Deno.test(`a secret that abra prints ${form} stands in no transcript, whoever else prints it`, () => {
    const masked = maskSecrets([
      call("app run ctr app -- cat /run/secrets/made", {
        stdout: [btoa(SECRET)],
        stderr: [SECRET],
      }),
      call("app secret generate ctr --all", { stdout }),
      call(`app secret insert ctr made v2 ${SECRET}`, {}),
    ], { secretLength: 20 });
    const text = JSON.stringify(masked);
    assert.doesNotMatch(text, /0123456789abcdef0123/);
    assert.ok(!text.includes(btoa(SECRET).slice(0, 20)), text);
    assert.match(text, /•••/);
  });
}

Deno.test("a secret that is broken over two lines is masked, lines without any keep their colours", () => {
  const [, wide] = maskSecrets([
    call("app secret generate ctr -m", { stdout: [`[{"name":"made","value":"${SECRET}"}]`] }),
    call("app ls", { stdout: ["\u001b[32mfine\u001b[0m\r", SECRET.slice(0, 11), SECRET.slice(11)] }),
  ], { secretLength: 20 });
  assert.doesNotMatch(JSON.stringify(wide), /0123456789a|bcdef0123/);
  const [, plain] = maskSecrets([
    call("app secret generate ctr -m", { stdout: [`[{"name":"made","value":"${SECRET}"}]`] }),
    call("app ls", { stdout: ["\u001b[32mfine\u001b[0m\r"] }),
  ], { secretLength: 20 });
  assert.deepEqual(plain?.stdout, ["\u001b[32mfine\u001b[0m\r"]);
});

Deno.test("what the harness reads of a transcript has no colours and nothing that the terminal echoed", () => {
  const shown = call("recipe lint x", {
    terminal: { columns: 220 },
    stdout: ["^D\b\b\u001b[31mFATA\u001b[0m no\r"],
  });
  assert.deepEqual(linesOf(shown), ["FATA no"]);
});
