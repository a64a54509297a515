import assert from "node:assert/strict";
import { defaultEnrolment, parseEnrolment } from "../../enrolment/enrolment.ts";
import type { StageName } from "../../protocol/result.ts";
import { loadCompose } from "../recipe/compose.ts";
import { selectStages } from "../run/stage_plan.ts";
import { wrongNames } from "./recipe_yml_names.ts";
import type { ReadVersion } from "./recipe_yml_use.ts";

/** A version with service `app`, which mounts volume `data`, and with function `prepare`. */
async function version(): Promise<ReadVersion & AsyncDisposable> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const compose = `services:\n  app:\n    image: a/b:1\n    volumes: [data:/data]\nvolumes:\n  data:\n`;
  await Deno.writeTextFile(`${root}/compose.yml`, compose);
  await Deno.writeTextFile(`${root}/abra.sh`, "export A=v1\nprepare() {\n  x\n}\n");
  const read = await loadCompose(root, {});
  assert.ok(read.ok);
  return {
    at: "head",
    root,
    compose: read,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

/** What of a `recipe.yml` is wrong for a commit, in a run of all stages unless others are said. */
function wrongAt(
  head: ReadVersion,
  { text, stages = selectStages(null) }: { text: string; stages?: StageName[] },
): string[] {
  const enrolment = { ...defaultEnrolment("wiki"), ...parseEnrolment(`repo: a/wiki\n${text}`, "recipe.yml") };
  return wrongNames(enrolment, { head, stages, app: { domain: "wiki.ci.test", stack: "wiki_ci_test" } });
}

Deno.test("each name in recipe.yml that the recipe does not have is told, with the one that was probably meant", async () => {
  await using head = await version();
  const wrong = (text: string) => wrongAt(head, { text });
  const cases: [text: string, told: string, meant: string][] = [
    ["ready: [{ service: ap, tcp: 80 }]", '"ready.0.service" names service "ap", and the app has', "app"],
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
ready: [{ service: app, tcp: 80 }, { path: /x }]
data: { seed: [{ service: app, command: x }], read: [{ service: app, command: x }] }
files: [{ volume: data, path: x, content: y }]
after_deploy: [prepare, app prepare x]
env:
  POST_DEPLOY_CMDS: " app prepare x | "
  POST_UPGRADE_CMDS: { value: web gone, if_file: compose.gone.yml }
`;
  assert.deepEqual(wrong(right), []);
});

Deno.test("what no stage of the run uses keeps nobody from running it", async () => {
  await using head = await version();
  const paths = (text: string, only: StageName[] | null) =>
    wrongAt(head, { text, stages: selectStages(only) }).map((said) => /^"([^"]*)"/.exec(said)?.[1]);
  const text = `
ready: [{ service: gone, tcp: 80, only: base }]
data:
  seed: [{ service: gone, command: x }]
  read: [{ service: gone, command: x }]
  destroy: [{ service: gone, command: x }]
backup: { expect: [gone/x] }
env: { POST_UPGRADE_CMDS: gone prepare, POST_DEPLOY_CMDS: gone prepare }
`;
  const commands = ["data.seed.0.service", "data.read.0.service"];
  const [upgraded, deployed] = ["env.POST_UPGRADE_CMDS", "env.POST_DEPLOY_CMDS"];
  const saved = "backup.expect.0";
  assert.deepEqual(paths(text, ["install"]), [deployed]);
  assert.deepEqual(paths(text, ["upgrade"]), [...commands, upgraded, deployed]);
  assert.deepEqual(paths(text, ["backup"]), [...commands, saved, deployed]);
  const all = [...commands, "data.destroy.0.service", saved, upgraded, deployed];
  assert.deepEqual(paths(text, null), all);
  const skip = "skip: [{ stage: backup, reason: large }, { stage: upgrade, reason: never }]";
  assert.deepEqual(paths(`${text}${skip}`, null), [deployed]);
});
