import { deepEqual, throws } from "node:assert/strict";
import { readPostCommands } from "./post_commands.ts";

Deno.test("commands are read with their arguments, in order", () => {
  deepEqual(readPostCommands("POST_DEPLOY_CMDS", " app set_admin | db prepare a b|"), [
    { service: "app", name: "set_admin", args: [] },
    { service: "db", name: "prepare", args: ["a", "b"] },
  ]);
  deepEqual(readPostCommands("POST_DEPLOY_CMDS", ""), []);
});

for (const odd of ["app", "--local evil", "app -l", "app --local", "app $(x)", "app a;b"]) {
  Deno.test(`"${odd}" is no command`, () => {
    throws(() => readPostCommands("POST_DEPLOY_CMDS", `app good|${odd}`), {
      code: "settings.commands",
      message: /POST_DEPLOY_CMDS says/,
    });
  });
}
