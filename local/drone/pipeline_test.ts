import assert from "node:assert/strict";
import { join } from "node:path";
import { runCommand } from "../../common/command.ts";
import { StackError } from "../host/errors.ts";
import { pathsBelow, pathsFromEnvironment } from "../host/paths.ts";
import { settingsText } from "./daemon.ts";
import { hostFiles } from "../../host/unit_files.ts";
import { harnessWrapper, INSTALLED, localPipelines } from "./pipeline.ts";
import { shellWord } from "../../common/shell_word.ts";

const text = await Deno.readTextFile(join(pathsFromEnvironment().repo, ".drone.yml"));

Deno.test("the local pipelines are the project's, apart from the harness they start", () => {
  const local = localPipelines(text, "/c/state/drone/cc-ci-harness");
  const changed = local.split("\n").filter((line, at) => line !== text.split("\n")[at]);
  assert.deepEqual(changed, ["      - setpriv --pdeathsig TERM -- /c/state/drone/cc-ci-harness ci"]);
  assert.match(localPipelines(text, "/a b/h"), /-- '\/a b\/h' ci$/m);
});

Deno.test("the harness that .drone.yml calls is a command of every host, on the PATH that the runner hands to its steps", () => {
  const holes = { domain: "ci.example.org", gateway: "172.18.0.1", forge: "https://git.example.org" };
  const files = hostFiles({
    holes: { ...holes, forgeAddress: "git.example.org:443", org: "recipe-maintainers", prefix: "/opt/cc-ci" },
  });
  assert.ok(files[`bin/${INSTALLED}`], Object.keys(files).join());
  assert.match(files["cc-ci-runner.service"] ?? "", /^Environment="?PATH=\/opt\/cc-ci\/bin:/m);
});

Deno.test("pipelines that do not name the installed harness once are refused", () => {
  for (const wrong of ["", text + text]) assert.throws(() => localPipelines(wrong, "/h"), StackError);
});

Deno.test("the harness' stand-in gives it the settings word for word and passes its arguments on", async () => {
  const env = { CCCI_A: 'it\'s $HOME `id` "x"', CCCI_B: "/plain/path" };
  const script = harnessWrapper({ paths: pathsBelow("/c"), env });
  const [deno] = script.match(/(?<=^exec )\S+/m) ?? [];
  assert.ok(deno !== undefined && script.endsWith(` "$@"\n`));
  const shown = script.replace(/^exec .*$/m, 'printf "%s\\n" "$CCCI_A" "$CCCI_B" "$@"');
  const { stdout } = await runCommand(["sh", "-c", shown, "wrapper", "ci", "a b"]);
  assert.equal(stdout, `${env.CCCI_A}\n${env.CCCI_B}\nci\na b\n`);
});

Deno.test("a word of a shell's command line stays one word", async () => {
  for (const word of ["plain", "a b", "it's", "$(id)", "", "a\nb"]) {
    assert.equal((await runCommand(["sh", "-c", `printf %s ${shellWord(word)}`])).stdout, word);
  }
});

Deno.test("settings of Drone's programs that would be read otherwise are refused", () => {
  assert.equal(settingsText({ A: "x y", B: "$1#" }), "A='x y'\nB='$1#'\n");
  assert.throws(() => settingsText({ A: "x'y" }), StackError);
  assert.throws(() => settingsText({ A: "x\ny" }), StackError);
});
