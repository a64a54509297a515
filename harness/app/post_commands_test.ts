import { deepEqual, throws } from "node:assert/strict";
import { readOwnCommands, readPostCommands } from "./post_commands.ts";

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

Deno.test("functions that recipe.yml names are run where a version has them, and the head has to", () => {
  const abraSh = "export A=v1\n\ncreate_admin() {\n  x\n}\nfunction prepare {\n  y prepare_more()\n}\n";
  const said = ["create_admin", "worker prepare a b"];
  const commands = [
    { service: "app", name: "create_admin", args: [] },
    { service: "worker", name: "prepare", args: ["a", "b"] },
  ];
  deepEqual(readOwnCommands(said, { abraSh, at: "head" }), { commands, lacking: [] });
  const more = [...said, "prepare_more"];
  deepEqual(readOwnCommands(more, { abraSh, at: "base" }), { commands, lacking: ["prepare_more"] });
  throws(() => readOwnCommands(more, { abraSh, at: "head" }), {
    message: 'recipe.yml: after_deploy names "prepare_more", and abra.sh has no such function',
    fault: "enrolment",
  });
});
