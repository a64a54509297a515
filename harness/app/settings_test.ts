import assert from "node:assert/strict";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { composeEnvironment, newSettings, ownSettings, settle } from "./settings.ts";

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
    const settings = toEnvironment(parseEnvFile(newSettings({ root, at: "head" }, { ...app, noted })));
    assert.deepEqual({ ...settings, STACK_NAME: planned.STACK_NAME }, { ...planned, TYPE: "wiki:1.0.0+1" });
    assert.equal(
      toEnvironment(parseEnvFile(newSettings({ root, at: "head" }, { ...app, noted: "TYPE=other:1" }))).TYPE,
      "wiki",
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

const enrolment = {
  ...defaultEnrolment("wiki"),
  env: {
    ALWAYS: { value: "https://{domain}" },
    NEW: { value: "n", only: "head" as const },
    OLD: { value: "o", only: "base" as const },
    OLD_SAMPLED: { value: "o", only: "base" as const },
    MAIL: { value: "m", if_file: "compose.mail.yml" },
    COMPOSE_FILE: { value: "compose.yml:compose.mail.yml" },
  },
};

/** Makes an old version of a recipe and a new one that has an overlay more. */
async function withVersions(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const version of ["old", "new"]) {
      await Deno.mkdir(`${folder}/${version}`);
      await Deno.writeTextFile(`${folder}/${version}/.env.sample`, "TYPE=wiki\nOLD_SAMPLED=sampled\n");
      await Deno.writeTextFile(`${folder}/${version}/compose.yml`, "");
    }
    await Deno.writeTextFile(`${folder}/new/compose.mail.yml`, "");
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a version gets the settings that are meant for it, and none for a file that its checkout lacks", () =>
  withVersions((folder) => {
    const of = (version: string, at: "head" | "base") =>
      ownSettings(enrolment, { domain: "w.ci.test", root: `${folder}/${version}`, at });
    const ALWAYS = "https://w.ci.test";
    assert.deepEqual(of("old", "base"), { ALWAYS, OLD: "o", OLD_SAMPLED: "o", COMPOSE_FILE: "compose.yml" });
    assert.deepEqual(of("new", "head"), {
      ALWAYS,
      NEW: "n",
      MAIL: "m",
      COMPOSE_FILE: "compose.yml:compose.mail.yml",
    });
    const outside = { ...enrolment, env: { A: { value: "a", if_file: "../new/compose.mail.yml" } } };
    assert.deepEqual(ownSettings(outside, { domain: "w", root: `${folder}/old`, at: "head" }), {});
    return Promise.resolve();
  }));

Deno.test("the upgrade switches on what is for the head, and takes back what was for the published version", () =>
  withVersions(async (folder) => {
    const env = await composeEnvironment(`${folder}/new`, {
      enrolment,
      domain: "w.ci.test",
      stack: "w_ci_test",
      installedFrom: `${folder}/old`,
    });
    const { ALWAYS, NEW, OLD, OLD_SAMPLED, MAIL, COMPOSE_FILE } = env;
    assert.deepEqual({ ALWAYS, NEW, OLD, OLD_SAMPLED, MAIL, COMPOSE_FILE }, {
      ALWAYS: "https://w.ci.test",
      NEW: "n",
      OLD: undefined,
      OLD_SAMPLED: "sampled",
      MAIL: "m",
      COMPOSE_FILE: "compose.yml:compose.mail.yml",
    });
  }));
