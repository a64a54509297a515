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
  const version = { abraSh, services: ["app", "worker"] };
  deepEqual(readOwnCommands(said, { ...version, at: "head" }), { commands, lacking: [] });
  const cases: [command: string, told: string][] = [
    ["prepare_more", 'function "prepare_more", and abra.sh has none of that name'],
    ["worker prepar", 'function "prepar", and abra.sh has none of that name, probably meant as "prepare"'],
    ["wroker prepare", 'service "wroker", and the app has none of that name, probably meant as "worker"'],
  ];
  for (const [command, problem] of cases) {
    const more = [...said, command];
    const told = `after_deploy names ${problem}`;
    deepEqual(readOwnCommands(more, { ...version, at: "base" }), { commands, lacking: [told] });
    throws(() => readOwnCommands(more, { ...version, at: "head" }), {
      message: `recipe.yml: ${told}`,
      fault: "enrolment",
    });
  }
});
