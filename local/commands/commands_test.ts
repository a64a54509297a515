import assert from "node:assert/strict";
import { checkContract } from "./abra_contract.ts";
import { join } from "node:path";
import { fromFileUrl } from "../../common/files.ts";
import { exec, execOk } from "../../common/exec.ts";
import { recipesFolder } from "./harness.ts";
import { baseOf, readCall } from "./run_recipe.ts";
import { statusText } from "./status.ts";
import { units } from "./units.ts";

Deno.test("run-recipe refuses what the harness would refuse, and needs no stack for its help", async () => {
  const recipe = async (...argv: string[]) => (await readCall(argv))?.request.recipe;
  assert.equal(await recipe("custom-html"), "custom-html");
  assert.equal(await recipe("--ref", "main", "--json", "custom-html", "--keep"), "custom-html");
  assert.equal(await recipe("--only=fetch,lint", "https://git.example/a/wiki.git"), "wiki");
  assert.equal(await readCall(["custom-html", "--help"]), null);
  assert.equal(await readCall(["--ref", "main"]), null);
  assert.equal(await readCall(["custom-html", "--onyl", "lint"]), null);
  await assert.rejects(readCall(["custom-html", "--only", "instal"]), /no stage "instal"/);
  await assert.rejects(readCall(["./nosuch"]), /There is no folder/);
  await assert.rejects(readCall(["nosuch"]), /Recipe "nosuch" is not enrolled/);
});

Deno.test("run-recipe knows the recipes of the caller's folder of enrolments, and no others", async () => {
  const folder = await Deno.makeTempDir();
  Deno.env.set("CCCI_RECIPES", folder);
  try {
    await Deno.mkdir(`${folder}/wiki`);
    await Deno.writeTextFile(`${folder}/wiki/recipe.yml`, "repo: people/wiki\n");
    assert.equal((await readCall(["wiki"]))?.request.recipe, "wiki");
    await assert.rejects(readCall(["custom-html"]), /Recipe "custom-html" is not enrolled/);
    Deno.env.set("CCCI_RECIPES", `${folder}/nowhere`);
    await assert.rejects(readCall(["wiki"]), /There is no folder ".*nowhere"/);
  } finally {
    Deno.env.delete("CCCI_RECIPES");
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("run-recipe brings up what the recipe stands on that the harness will test", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const fork = join(folder, "my-fork");
    const who = ["-c", "user.name=a", "-c", "user.email=a@b"];
    await execOk(["git", "init", "-q", fork]);
    await execOk(["git", "-C", fork, ...who, "commit", "-q", "--allow-empty", "-m", "one"]);
    await Deno.writeTextFile(join(fork, ".env.sample"), "TYPE=miniflux-oidc:1.0.0+1\n");
    const base = async (target: string) => {
      const call = await readCall([target]);
      assert.ok(call);
      return await baseOf(call.request, recipesFolder());
    };
    const provider = "oidc-provider";
    assert.deepEqual(await base(fork), {
      parts: ["gitea", "backup-bot"],
      images: ["miniflux-oidc", provider],
      repositories: [provider],
    });
    assert.deepEqual(await base("miniflux-oidc"), {
      parts: ["gitea", "backup-bot"],
      images: ["miniflux-oidc", provider],
      repositories: ["miniflux-oidc", provider],
    });
    for (
      const url of [
        "https://git.ci.localhost/recipe-maintainers/custom-html.git",
        "https://git.ci.localhost/x/Custom_Html/",
      ]
    ) {
      assert.deepEqual(await base(url), {
        parts: ["gitea", "backup-bot"],
        images: ["custom-html"],
        repositories: ["custom-html"],
      }, url);
    }
    assert.deepEqual(await base("https://git.example/x/custom-html"), {
      parts: ["traefik", "backup-bot"],
      images: ["custom-html"],
      repositories: [],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a path that a person types counts from their folder, and ~ is their home", async () => {
  const folder = await Deno.makeTempDir();
  const ofAHost = [
    "domain=ci.example.org",
    "gateway=172.18.0.1",
    "forge=https://git.example.org",
    "forgeAddress=git.example.org:443",
    "org=people",
  ];
  const before = ["HOME", "INIT_CWD"].map((name) => [name, Deno.env.get(name)] as const);
  try {
    Deno.env.set("HOME", join(folder, "home"));
    Deno.env.set("INIT_CWD", join(folder, "here"));
    for (
      const [typed, path] of [["~/units", "home/units"], ["units", "here/units"], [
        "../units",
        "units",
      ]] as const
    ) {
      await units([typed, "--only", "cc-ci-dashboard.service", "--set", ...ofAHost]);
      assert.ok((await Deno.stat(join(folder, path, "cc-ci-dashboard.service"))).isFile, typed);
    }
  } finally {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
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

Deno.test("a file or folder that cannot be written is told with what to do", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "file");
  await Deno.writeTextFile(file, "");
  const { INIT_CWD: _, ...env } = Deno.env.toObject();
  const { code, stderr } = await exec(
    [
      Deno.execPath(),
      "run",
      "-A",
      "-q",
      fromFileUrl(new URL("../main.ts", import.meta.url).href),
      "bundle",
      file,
    ],
    { env, clearEnv: true },
  );
  await Deno.remove(folder, { recursive: true });
  assert.equal(code, 1);
  assert.match(stderr, /^Not a directory: ".*"\nLook at that file or folder, and whether .* as root\./);
});
