import assert from "node:assert/strict";
import { join } from "node:path";
import { loginsOf } from "./login.ts";

async function withConfig(text: string, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "config.json"), text);
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("log-ins are found where docker login leaves them", async () => {
  const auths = {
    "https://index.docker.io/v1/": { auth: btoa("me:pass:word") },
    "ghcr.io": { auth: btoa("bot:"), identitytoken: "a token" },
    "broken.example.org": {},
  };
  await withConfig(JSON.stringify({ auths, HttpHeaders: { "User-Agent": "x" } }), async (folder) => {
    const find = loginsOf(folder);
    assert.deepEqual(await find("docker.io"), {
      username: "me",
      password: "pass:word",
      serveraddress: "https://index.docker.io/v1/",
    });
    assert.equal((await find("ghcr.io"))?.identitytoken, "a token");
    assert.equal(await find("broken.example.org"), null);
    assert.equal(await find("quay.io"), null);
  });
});

Deno.test("a file that is missing or no JSON holds no log-in", async () => {
  assert.equal(await loginsOf("/nonexistent")("docker.io"), null);
  await withConfig("{", async (folder) => assert.equal(await loginsOf(folder)("docker.io"), null));
});

Deno.test("a store of log-ins is asked by its helper, and one without an answer has none", async () => {
  await withConfig(JSON.stringify({ credsStore: "cc-ci-test" }), async (folder) => {
    const helper = join(folder, "docker-credential-cc-ci-test");
    const answer = JSON.stringify({ ServerURL: "x", Username: "me", Secret: "kept elsewhere" });
    const script = `#!/bin/sh\nread -r key || :\n[ "$key" = "ghcr.io" ] && echo '${answer}'\n`;
    await Deno.writeTextFile(helper, script, { mode: 0o755 });
    const path = Deno.env.get("PATH") ?? "";
    Deno.env.set("PATH", `${folder}:${path}`);
    try {
      assert.equal((await loginsOf(folder)("ghcr.io"))?.password, "kept elsewhere");
      assert.equal(await loginsOf(folder)("quay.io"), null);
    } finally {
      Deno.env.set("PATH", path);
    }
  });
});
