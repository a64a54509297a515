import assert from "node:assert/strict";
import { checkContract } from "./abra_contract.ts";
import { readCall, recipeOf } from "./run_recipe.ts";
import { statusText } from "./status.ts";

Deno.test("run-recipe refuses what the harness would refuse, and needs no stack for its help", async () => {
  const target = async (...argv: string[]) => (await readCall(argv))?.target;
  assert.equal(await target("custom-html"), "custom-html");
  assert.equal(await target("--ref", "main", "--json", "custom-html", "--keep"), "custom-html");
  assert.equal(
    await target("--only=fetch,lint", "https://git.example/a/wiki.git"),
    "https://git.example/a/wiki.git",
  );
  assert.equal(await readCall(["custom-html", "--help"]), null);
  assert.equal(await readCall(["--ref", "main"]), null);
  assert.equal(await readCall(["custom-html", "--onyl", "lint"]), null);
  await assert.rejects(readCall(["custom-html", "--only", "instal"]), /no stage "instal"/);
  await assert.rejects(readCall(["./nosuch"]), /There is no folder/);
  await assert.rejects(readCall(["nosuch"]), /There is no recipe "nosuch"/);
  assert.equal(recipeOf("../recipes/custom-html/"), "custom-html");
  assert.equal(recipeOf("https://git.example/coop-cloud/miniflux.git"), "miniflux");
});

Deno.test("run-recipe knows the recipes of the caller's folder of enrolments, and no others", async () => {
  const folder = await Deno.makeTempDir();
  Deno.env.set("CCCI_RECIPES", folder);
  try {
    await Deno.mkdir(`${folder}/wiki`);
    await Deno.writeTextFile(`${folder}/wiki/recipe.yml`, "repo: people/wiki\n");
    assert.equal((await readCall(["wiki"]))?.target, "wiki");
    await assert.rejects(readCall(["custom-html"]), /There is no recipe "custom-html"/);
    Deno.env.set("CCCI_RECIPES", `${folder}/nowhere`);
    await assert.rejects(readCall(["wiki"]), /There is no folder ".*nowhere"/);
  } finally {
    Deno.env.delete("CCCI_RECIPES");
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("abra-contract brings nothing up for its help, nor for arguments that there are not", async () => {
  const before = Deno.env.get("CCCI_CACHE");
  Deno.env.set("CCCI_CACHE", "/dev/null/cache"); // a stack that begins to start fails here
  try {
    assert.equal(await checkContract(["--help"]), 0);
    await assert.rejects(checkContract(["--arba", "x"]), { code: "usage" });
  } finally {
    if (before === undefined) Deno.env.delete("CCCI_CACHE");
    else Deno.env.set("CCCI_CACHE", before);
  }
});

Deno.test("the status names what runs, where it logs, who may log in, and the stand-in", () => {
  const text = statusText({
    parts: [
      { part: "Gitea", state: "running", since: "2026-01-02T03:04:05Z", url: "https://git.x", log: "/l" },
      { part: "Bridge", state: "stopped", since: null, url: null, log: null },
    ],
    accounts: [{ name: "maintainer", password: "secret", role: "may say !testme" }],
    ca: "/c/ca.pem",
    cache: "/c",
    abra: { path: "/c/abra", standIn: true },
  });
  assert.match(text, /^Gitea {3}running {2}2026-01-0\d \d\d:04:05 {2}https:\/\/git\.x {2}\/l$/m);
  assert.match(text, /^Bridge {2}stopped$/m);
  assert.match(text, /^maintainer +secret +may say !testme$/m);
  assert.match(text, /stand-in/);
  assert.match(text, /\/c\/ca\.pem/);
});
