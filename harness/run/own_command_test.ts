import assert from "node:assert/strict";
import { execOk } from "../../common/exec.ts";
import { PROGRAM, typedCommand } from "./own_command.ts";

Deno.test("a command as a person types it can be pasted into a shell", async () => {
  const words = ["remove", "a b", "it's", "$HOME", "k3x9q2ab-1", ""];
  Deno.env.set(PROGRAM, "./cc-ci");
  try {
    const typed = typedCommand(...words);
    assert.match(typed, /^\.\/cc-ci remove 'a b' /);
    const shown = await execOk(["sh", "-c", `printf '<%s>' ${typed}`]);
    assert.equal(shown.stdout, ["./cc-ci", ...words].map((word) => `<${word}>`).join(""));
  } finally {
    Deno.env.delete(PROGRAM);
  }
});
