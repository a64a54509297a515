import assert from "node:assert/strict";
import { join } from "node:path";
import { letGitIn, logInToRegistry, lookAtLogins } from "./logins.ts";

Deno.test("log-ins are written beside what is there, for their owner's eyes only, and read back", async () => {
  const home = await Deno.makeTempDir();
  try {
    const of = { registry: "https://registry.example.org", host: "git.example.org" };
    assert.deepEqual(await lookAtLogins(home, of), { registry: null, git: null });
    await Deno.mkdir(join(home, ".docker"));
    await Deno.writeTextFile(
      join(home, ".docker", "config.json"),
      '{"detachKeys":"ctrl-x","auths":{"a":{"auth":"b"}}}',
    );
    await Deno.writeTextFile(join(home, ".netrc"), "machine other.example.org login x password y\n");
    for (const value of ["first", "second"]) {
      await logInToRegistry(home, { registry: of.registry, auth: value });
      await letGitIn(home, { host: of.host, token: value });
      assert.deepEqual(await lookAtLogins(home, of), { registry: value, git: value });
    }
    assert.deepEqual(JSON.parse(await Deno.readTextFile(join(home, ".docker", "config.json"))), {
      detachKeys: "ctrl-x",
      auths: { a: { auth: "b" }, [of.registry]: { auth: "second" } },
    });
    assert.equal(
      await Deno.readTextFile(join(home, ".netrc")),
      "machine git.example.org login cc-ci password second\nmachine other.example.org login x password y\n",
    );
    for (const name of [".netrc", ".docker/config.json"]) {
      assert.equal(((await Deno.stat(join(home, name))).mode ?? 0) & 0o777, 0o600);
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

Deno.test("a log-in that stands on several lines is replaced whole, and what git reads last stays the last", async () => {
  const home = await Deno.makeTempDir();
  try {
    const file = join(home, ".netrc");
    const others = "machine other.example.org\n  login x\n  password y\n";
    await Deno.writeTextFile(
      file,
      `${others}machine git.example.org\n  login me\n  password mine\ndefault login anonymous password none\n`,
    );
    const of = { registry: "https://registry.example.org", host: "git.example.org" };
    assert.equal((await lookAtLogins(home, of)).git, "mine");
    await letGitIn(home, { host: of.host, token: "ours" });
    assert.equal((await lookAtLogins(home, of)).git, "ours");
    assert.equal(
      await Deno.readTextFile(file),
      "machine git.example.org login cc-ci password ours\n" +
        `${others}default login anonymous password none\n`,
    );
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
