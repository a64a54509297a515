import assert from "node:assert/strict";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { composeEnvironment, newSettings, settle } from "./settings.ts";

Deno.test("an app is of the recipe under test, whatever recipe its sample names", () => {
  const recipe = "wiki";
  assert.equal(settle("TYPE=wiki\n", { recipe }), "TYPE=wiki\n");
  assert.equal(settle("TYPE=wiki:1.0.0+1\n", { recipe }), "TYPE=wiki:1.0.0+1\n");
  assert.equal(settle("TYPE=git.example.org/people/wiki\n", { recipe }), "TYPE=wiki\n");
  assert.equal(settle("TYPE=wiki\nRECIPE=traefik:2.0.0+1\n", { recipe }), "TYPE=wiki\nRECIPE=wiki\n");
  assert.equal(settle('X=traefik\nTYPE="$X"\n', { recipe }), "X=traefik\nTYPE=wiki\n");
});

Deno.test("a newer sample cannot bring the name of another recipe along", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (
      const [version, text] of [["old", "TYPE=wiki\n"], ["new", "TYPE=wiki\nRECIPE=traefik\nA=b\n"]] as const
    ) {
      await Deno.mkdir(`${folder}/${version}`);
      await Deno.writeTextFile(`${folder}/${version}/.env.sample`, text);
    }
    const { TYPE, RECIPE, A } = await composeEnvironment(`${folder}/new`, {
      enrolment: defaultEnrolment("wiki"),
      domain: "wiki-1.ci.test",
      stack: "wiki-1_ci_test",
      installedFrom: `${folder}/old`,
    });
    assert.deepEqual([TYPE, RECIPE, A], ["wiki", "wiki", "b"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a new app has its domain where the sample has the example's, and abra's note of the version", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${root}/.env.sample`,
      "TYPE=wiki\nDOMAIN=wiki.example.com\nMAIL=x@wiki.example.com\n",
    );
    const app = { enrolment: defaultEnrolment("wiki"), domain: "wiki-1.ci.test" };
    const planned = await composeEnvironment(root, { ...app, stack: "wiki-1_ci_test" });
    assert.equal(planned.MAIL, "x@wiki-1.ci.test");
    const noted = "TYPE=wiki:1.0.0+1\nDOMAIN=evil.example.org\nMORE=x\n";
    const settings = toEnvironment(parseEnvFile(newSettings(root, { ...app, noted })));
    assert.deepEqual({ ...settings, STACK_NAME: planned.STACK_NAME }, { ...planned, TYPE: "wiki:1.0.0+1" });
    assert.equal(
      toEnvironment(parseEnvFile(newSettings(root, { ...app, noted: "TYPE=other:1" }))).TYPE,
      "wiki",
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
