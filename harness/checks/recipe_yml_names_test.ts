import assert from "node:assert/strict";
import { defaultEnrolment, parseEnrolment } from "../../enrolment/enrolment.ts";
import { loadCompose } from "../recipe/compose.ts";
import { wrongNames } from "./recipe_yml_names.ts";
import type { ReadVersion } from "./recipe_yml_use.ts";

/** A version with one service, which mounts volume `data`, and with function `prepare`. */
async function version(at: ReadVersion["at"], service: string): Promise<ReadVersion & AsyncDisposable> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const compose =
    `services:\n  ${service}:\n    image: a/b:1\n    volumes: [data:/data]\nvolumes:\n  data:\n`;
  await Deno.writeTextFile(`${root}/compose.yml`, compose);
  await Deno.writeTextFile(`${root}/abra.sh`, "export A=v1\nprepare() {\n  x\n}\n");
  const read = await loadCompose(root, {});
  assert.ok(read.ok);
  return { at, root, compose: read, [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }) };
}

Deno.test("each name in recipe.yml that the recipe does not have is told, with the one that was probably meant", async () => {
  await using head = await version("head", "app");
  await using base = await version("base", "wbe");
  const wrong = (text: string, versions = [head, base]) =>
    wrongNames({ ...defaultEnrolment("wiki"), ...parseEnrolment(`repo: a/wiki\n${text}`, "recipe.yml") }, {
      versions,
      app: { domain: "wiki.ci.test", stack: "wiki_ci_test" },
    });
  const cases: [text: string, told: string, meant: string][] = [
    ["ready: [{ service: ap, tcp: 80 }]", '"ready.0.service" names service "ap", and the app has', "app"],
    [
      "ready: [{ service: web, tcp: 8, only: base }]",
      '"ready.0.service" names service "web", and the app has',
      "wbe",
    ],
    [
      "data: { seed: [{ service: appp, command: x }] }",
      '"data.seed.0.service" names service "appp", and the app has',
      "app",
    ],
    [
      "data: { destroy: [{ service: appp, command: x }] }",
      '"data.destroy.0.service" names service "appp", and the app has',
      "app",
    ],
    [
      "data: { read: [{ service: appp, command: x }] }",
      '"data.read.0.service" names service "appp", and the app has',
      "app",
    ],
    ["backup: { expect: [date/x] }", '"backup.expect.0" names volume "date", and the app mounts', "data"],
    [
      "files: [{ volume: date, path: x, content: y }]",
      '"files.0.volume" names volume "date", and the app mounts',
      "data",
    ],
    ["after_deploy: [prepar]", '"after_deploy.0" names function "prepar", and abra.sh has', "prepare"],
    [
      "after_deploy: [prepare, appp prepare x]",
      '"after_deploy.1" names service "appp", and the app has',
      "app",
    ],
    [
      "env: { POST_UPGRADE_CMDS: 'app prepare x|appp prepare' }",
      '"env.POST_UPGRADE_CMDS" names service "appp", and the app has',
      "app",
    ],
    [
      "env: { POST_DEPLOY_CMDS: app prepar }",
      '"env.POST_DEPLOY_CMDS" names function "prepar", and abra.sh has',
      "prepare",
    ],
  ];
  for (const [text, told, meant] of cases) {
    assert.deepEqual(wrong(text), [`${told} none of that name, probably meant as "${meant}"`]);
  }
  assert.deepEqual(wrong("env: { POST_DEPLOY_CMDS: prepare }"), [
    '"env.POST_DEPLOY_CMDS" says "prepare", which is no service, function of abra.sh and arguments',
  ]);
  const right = `
ready: [{ service: app, tcp: 80 }, { service: wbe, tcp: 80, only: base }, { path: /x }]
data: { seed: [{ service: app, command: x }], read: [{ service: app, command: x }] }
files: [{ volume: data, path: x, content: y }]
after_deploy: [prepare, app prepare x]
env:
  POST_DEPLOY_CMDS: " app prepare x | "
  POST_UPGRADE_CMDS: { value: web gone, if_file: compose.gone.yml }
`;
  assert.deepEqual(wrong(right), []);
  assert.deepEqual(wrong("ready: [{ service: web, tcp: 8, only: base }]", [head]), []);
  const skipped = "backup: { expect: [gone/x] }\nskip: [{ stage: backup, reason: large }]";
  assert.deepEqual(wrong(skipped), []);
});
