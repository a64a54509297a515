import assert from "node:assert/strict";
import { join } from "node:path";
import { removeLogins } from "./remove_logins.ts";
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
      await logInToRegistry({ home, made: join(home, "made") }, { registry: of.registry, auth: value });
      await letGitIn({ home, made: join(home, "made") }, { host: of.host, token: value });
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
    await letGitIn({ home, made: join(home, "made") }, { host: of.host, token: "ours" });
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

/** A home below another root folder, with what is in it. */
async function someRoot(files: Record<string, string>) {
  const root = await Deno.makeTempDir();
  const home = join(root, "root");
  await Deno.mkdir(join(home, ".docker"), { recursive: true });
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(home, name), text);
  // The host's program sees its own root folder, and so do its notes.
  const made = join(root, "made");
  const places = { home, made };
  const troubles: string[] = [];
  const onTrouble = (trouble: string) => void troubles.push(trouble);
  const remove = (dryRun = false) => removeLogins("/", { made, dryRun, onTrouble });
  const read = (name: string) => Deno.readTextFile(join(home, name)).catch(() => null);
  return {
    root,
    home,
    places,
    remove,
    troubles,
    read,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const REGISTRY = "https://registry.example.org";
const HOST = "git.example.org";

Deno.test("log-ins that we wrote are removed, also an earlier one, and those of others stay as they are", async () => {
  const others =
    "machine other.example.org\n  login x\n  password y\ndefault login anonymous password none\n";
  const config = { detachKeys: "ctrl-x", auths: { a: { auth: "b" } } };
  await using at = await someRoot({ ".netrc": others, ".docker/config.json": JSON.stringify(config) });
  for (const value of ["first", "second"]) {
    await logInToRegistry(at.places, { registry: REGISTRY, auth: value });
    await letGitIn(at.places, { host: HOST, token: value });
  }
  // What another registry in the settings left, and an entry that a killed call noted and did not write.
  await logInToRegistry(at.places, { registry: "https://old.example.org", auth: "old" });
  const there = [await at.read(".netrc"), await at.read(".docker/config.json")];
  const found = await at.remove(true);
  assert.deepEqual(found.map(({ of }) => of).toSorted(), [HOST, "https://old.example.org", REGISTRY]);
  assert.deepEqual([await at.read(".netrc"), await at.read(".docker/config.json")], there);
  assert.deepEqual(await at.remove(), found);
  assert.equal(await at.read(".netrc"), others);
  assert.deepEqual(JSON.parse(await at.read(".docker/config.json") ?? ""), config);
  assert.deepEqual(await at.remove(), []);
});

Deno.test("a log-in that somebody has changed since is theirs, and so is one that was there before", async () => {
  await using at = await someRoot({ ".docker/config.json": '{"auths":{"b":{"auth":"theirs"}}}' });
  await logInToRegistry(at.places, { registry: REGISTRY, auth: "ours" });
  await letGitIn(at.places, { host: HOST, token: "ours" });
  const changed = (text: string | null) => text?.replaceAll("ours", "theirs") ?? assert.fail();
  const files = [".netrc", ".docker/config.json"];
  const after: string[] = [];
  for (const name of files) after.push(changed(await at.read(name)));
  for (const [index, name] of files.entries()) {
    await Deno.writeTextFile(join(at.home, name), after[index] ?? "");
  }
  assert.deepEqual(await at.remove(), []);
  for (const [index, name] of files.entries()) assert.equal(await at.read(name), after[index]);
});

Deno.test("files and folders that were made for log-ins go with the last of them, and not before", async () => {
  await using at = await someRoot({});
  await Deno.remove(join(at.home, ".docker"));
  await logInToRegistry(at.places, { registry: REGISTRY, auth: "ours" });
  await letGitIn(at.places, { host: HOST, token: "ours" });
  await Deno.writeTextFile(join(at.home, ".netrc"), "machine other.example.org login x password y\n", {
    append: true,
  });
  await at.remove();
  assert.equal(await at.read(".netrc"), "machine other.example.org login x password y\n");
  await assert.rejects(Deno.lstat(join(at.home, ".docker")), Deno.errors.NotFound);
});

Deno.test("a file without log-ins stays when ours is removed from it, and takes one again", async () => {
  await using at = await someRoot({ ".docker/config.json": "{}" });
  for (const value of ["first", "second"]) {
    await logInToRegistry(at.places, { registry: REGISTRY, auth: value });
    assert.equal((await lookAtLogins(at.home, { registry: REGISTRY, host: HOST })).registry, value);
    await at.remove();
    assert.notEqual(await at.read(".docker/config.json"), null);
    assert.equal((await lookAtLogins(at.home, { registry: REGISTRY, host: HOST })).registry, null);
  }
});

Deno.test("a file of log-ins that cannot be read is named, and the others are removed", async () => {
  await using at = await someRoot({});
  for (const value of ["first", "second"]) {
    await logInToRegistry(at.places, { registry: REGISTRY, auth: value });
    await letGitIn(at.places, { host: HOST, token: value });
    await Deno.writeTextFile(join(at.home, ".docker/config.json"), value === "first" ? "{}" : "{ broken");
  }
  await assert.rejects(lookAtLogins(at.home, { registry: REGISTRY, host: HOST }), {
    code: "host.wrong",
    message: `Could not read log-ins from "${join(at.home, ".docker/config.json")}"`,
  });
  assert.deepEqual((await at.remove()).map(({ of }) => of), [HOST]);
  assert.match(at.troubles[0] ?? "", /^Could not read log-ins from ".*config\.json": /);
  assert.equal(await at.read(".docker/config.json"), "{ broken");

  const notes = join(at.places.made, "logins.json");
  await Deno.writeTextFile(notes, '{"logins":[{}]}');
  await assert.rejects(letGitIn(at.places, { host: HOST, token: "third" }), {
    message: `Could not read from "${notes}" which log-ins are ours`,
  });
  at.troubles.length = 0;
  assert.deepEqual(await at.remove(), []);
  assert.equal(at.troubles.length, 1);
});
