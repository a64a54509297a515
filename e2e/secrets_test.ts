import assert from "node:assert/strict";
import { join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { inTerminal } from "../common/pty.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { terminalProgress } from "../local/host/progress.ts";
import { ensureSops } from "../local/secrets/sops_program.ts";

const root = new URL("..", import.meta.url).pathname;
const tmp = await Deno.makeTempDir({ prefix: "cc-ci-secrets-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));
const sops = await ensureSops({
  paths: pathsFromEnvironment(),
  progress: terminalProgress(),
  signal: new AbortController().signal,
});

/** A host with a key, and a folder in which everything of it lies. */
class Host {
  readonly folder = Deno.makeTempDirSync({ dir: tmp });
  file = join(this.folder, "secrets.yaml");
  readonly key = join(this.folder, "host_key");
  readonly seen = join(this.folder, "seen");
  readonly #sops = join(this.folder, "sops");

  static async make(): Promise<Host> {
    const host = new Host();
    await host.renewKey();
    // Notes what everybody sees of sops in a list of processes, and what its owner sees; then it is sops.
    await Deno.writeTextFile(
      host.#sops,
      `#!/bin/sh\nprintf '%s\\n' "argv: $*" >> ${host.seen}.argv\nenv >> ${host.seen}.env\nexec ${sops} "$@"\n`,
      { mode: 0o755 },
    );
    return host;
  }

  async renewKey(): Promise<void> {
    for (const path of [this.key, `${this.key}.pub`]) await Deno.remove(path).catch(() => {});
    await execOk(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "root@host", "-f", this.key]);
  }

  argv(...args: string[]): string[] {
    const [command = "", ...others] = args;
    const where = ["--file", this.file, "--host-key", this.key];
    return [
      Deno.execPath(),
      ...["run", "-A", "-q", `${root}local/main.ts`, "secrets", command],
      ...where,
      ...others,
    ];
  }

  get env(): Record<string, string> {
    return { CCCI_SOPS: this.#sops, INIT_CWD: this.folder, NO_COLOR: "1" };
  }

  async secrets(
    args: string[],
    options: { input?: string; cwd?: string; env?: Record<string, string> } = {},
  ) {
    const { env = {}, ...others } = options;
    return await exec(this.argv(...args), { cwd: root, ...others, env: { ...this.env, ...env } });
  }

  /** Writes a program that takes the place of an editor. @returns its path */
  async editor(script: string): Promise<string> {
    const path = join(this.folder, "editor");
    await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return path;
  }

  /** Every secret with its value, read by the real sops and this private key. */
  async values(env: Record<string, string> = { SOPS_AGE_SSH_PRIVATE_KEY_FILE: this.key }) {
    const { stdout } = await execOk([sops, "decrypt", "--output-type=json", this.file], { env });
    return JSON.parse(stdout) as Record<string, string>;
  }

  async seenText(what: "argv" | "env"): Promise<string> {
    return await Deno.readTextFile(`${this.seen}.${what}`);
  }
}

function recoveryKeyIn(said: string): string {
  return /AGE-SECRET-KEY-1[A-Z0-9]+/.exec(said)?.[0] ?? assert.fail(said);
}

Deno.test("secrets are made once, and the host's key reads them, and the recovery key does", async () => {
  const host = await Host.make();
  const made = await host.secrets(["new"]);
  assert.equal(made.code, 0, made.stderr);
  const recovery = recoveryKeyIn(made.stdout);
  assert.match(made.stdout, /^ {2}forge_token: on the forge, logged in as the bot/m);

  const byHost = await host.values();
  assert.deepEqual(await host.values({ SOPS_AGE_KEY: recovery, HOME: "/nonexistent" }), byHost);
  const filled = Object.entries(byHost).filter(([, value]) => value !== "");
  assert.deepEqual(filled.map(([name]) => name), [
    ...[
      "bridge_token",
      "runner_token",
      "webhook_secret",
      "drone_token",
      "drone_rpc_secret",
      "restic_password",
    ],
  ]);
  assert.equal(new Set(filled.map(([, value]) => value)).size, 6);

  const text = await Deno.readTextFile(host.file);
  const visible = `${text}${await host.seenText("argv")}${await host.seenText("env")}`;
  for (const value of [recovery, ...filled.map(([, value]) => value)]) {
    assert.ok(!visible.includes(value), "a value is nowhere to be read");
  }
  const again = await host.secrets(["new"]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /^Could not make the secrets: there are some in ".*" already\n.*secrets edit/);
  assert.equal(await Deno.readTextFile(host.file), text);
});

Deno.test("what lacks is named with where it is from, an editor fills it in, and then all is there", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const lacking = await host.secrets(["check"]);
  assert.equal(lacking.code, 1);
  assert.match(lacking.stdout, /^✔ bridge_token: there/m);
  assert.match(lacking.stdout, /^✖ drone_client_id: empty: it is on the forge: .*Create OAuth2/m);
  assert.match(lacking.stdout, /^– git_token: empty, which may stay so/m);
  assert.match(lacking.stdout, /^✔ reader: ssh-ed25519 \S+ \(this host\)$/m);
  assert.match(lacking.stdout, /^✔ reader: age1\w+ \(a recovery key\)$/m);

  const editor = join(host.folder, "editor");
  const where = join(host.folder, "where");
  const fill =
    `sed -i -e 's/^\\(forge_token\\|drone_client_id\\|drone_client_secret\\): .*/\\1: from-a-person/' "$1"`;
  await Deno.writeTextFile(
    editor,
    `#!/bin/sh\nprintf %s "$1" > ${where}\nstat -f -c %T "$1" > ${where}.kind\n${fill}\n`,
    { mode: 0o755 },
  );
  const edited = await host.secrets(["edit"], { env: { EDITOR: editor } });
  assert.equal(edited.code, 0, edited.stderr);
  assert.equal(edited.stdout, `Written: ${host.file}\n`);
  assert.equal((await host.values()).forge_token, "from-a-person");
  assert.equal(await Deno.readTextFile(`${where}.kind`), "tmpfs\n");
  await assert.rejects(Deno.stat(await Deno.readTextFile(where)), Deno.errors.NotFound);
  assert.equal((await host.secrets(["check"])).code, 0);

  const unchanged = await host.secrets(["edit"], { env: { EDITOR: "true" } });
  assert.deepEqual([unchanged.code, unchanged.stdout], [0, "Nothing was changed\n"]);
  await Deno.writeTextFile(editor, `#!/bin/sh\nsed -i 's/^forge_token: .*/forge_tokn: x/' "$1"\n`);
  const misspelt = await host.secrets(["edit"], { env: { EDITOR: editor } });
  assert.match(misspelt.stdout, /^✖ forge_token: missing: /m);
  assert.match(misspelt.stdout, /^✖ forge_tokn: nothing reads a secret of this name/m);
});

Deno.test("a secret gets another value, and its units and what a person has to do are named", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const before = await host.values();
  const made = await host.secrets(["rotate", "webhook_secret"]);
  assert.equal(made.code, 0, made.stderr);
  const given = await host.secrets(["rotate", "forge_token"], { input: "token-of-the-bot\n" });
  assert.equal(given.code, 0, given.stderr);
  const after = await host.values();
  assert.notEqual(after.webhook_secret, before.webhook_secret);
  assert.deepEqual(
    after,
    { ...before, webhook_secret: after.webhook_secret, forge_token: "token-of-the-bot" },
  );
  assert.match(made.stdout, /Put the new value into the webhook on the forge/);
  assert.match(made.stdout, /^ {2}systemctl restart cc-ci-bridge\.service$/m);
  for (const said of [made.stdout, made.stderr, given.stdout, given.stderr]) {
    assert.ok(!said.includes(after.webhook_secret ?? "?") && !said.includes("token-of-the-bot"));
  }
  assert.ok(!(await host.seenText("argv")).includes("token-of-the-bot"));
  assert.ok(!(await host.seenText("env")).includes("token-of-the-bot"));

  const runner = await host.secrets(["rotate", "runner_token"]);
  assert.match(runner.stdout, /^ {2}systemctl restart cc-ci-dashboard\.service$/m);
  assert.match(
    runner.stdout,
    /^ {2}systemctl restart cc-ci-runner\.service +# waits for the runs that go on$/m,
  );
  const bad = await host.secrets(["rotate", "forge_token"], { input: "two\nlines" });
  assert.deepEqual([bad.code, bad.stderr.split("\n")[0]], [
    2,
    'Could not use that as "forge_token": it has a line break or a control character',
  ]);
  const unknown = await host.secrets(["rotate", "forge"]);
  assert.deepEqual([unknown.code, unknown.stderr.split("\n")[0]], [2, 'There is no secret "forge"']);
});

Deno.test("secrets become files that root alone may read, and only what changed is written", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const folder = join(host.folder, "placed");
  const first = await host.secrets(["place", "--to", folder]);
  assert.equal(first.code, 0, first.stderr);
  const values = await host.values();
  const filled = Object.entries(values).filter(([, value]) => value !== "");
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
  assert.deepEqual(files.toSorted(), filled.map(([name]) => name).toSorted());
  for (const [name, value] of filled) {
    const path = join(folder, name);
    assert.equal(await Deno.readTextFile(path), value);
    const { mode, uid } = await Deno.stat(path);
    assert.deepEqual([(mode ?? 0) & 0o777, uid], [0o400, 0]);
  }
  assert.equal(((await Deno.stat(folder)).mode ?? 0) & 0o777, 0o700);

  await Deno.writeTextFile(join(folder, "git_token"), "of before");
  await host.secrets(["rotate", "restic_password"]);
  const second = await host.secrets(["place", "--to", folder]);
  assert.equal(
    second.stdout,
    `Written: ${folder}/restic_password\nRemoved: ${folder}/git_token\n` +
      "What has to be started again, if it runs:\n" +
      "  systemctl restart cc-ci-swarm.service cc-ci-drone.service cc-ci-backup-bot.service\n",
  );
  const third = await host.secrets(["place", "--to", folder]);
  assert.equal(third.stdout, `Everything is in "${folder}" as it should be\n`);
});

Deno.test("a host whose key was replaced says so in a sentence, and the recovery key lets it in again", async () => {
  const host = await Host.make();
  const recovery = recoveryKeyIn((await host.secrets(["new"])).stdout);
  const before = await host.values();
  const lost = join(host.folder, "lost_key");
  await Deno.copyFile(host.key, lost);
  await Deno.chmod(lost, 0o600);
  await host.renewKey();

  for (
    const command of [["place", "--to", join(host.folder, "placed")], ["rotate", "bridge_token"], ["edit"]]
  ) {
    const { code, stderr } = await host.secrets(command, { env: { EDITOR: "true" } });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Could not read the secrets in ".*": they are for another key than ".*", which this host has now\nRun "\.\/cc-ci secrets recover" and give it the recovery key\.\n$/,
    );
  }
  const seen = await host.secrets(["check"]);
  assert.equal(seen.code, 1);
  assert.match(seen.stdout, /^✖ reader: not this host; "\.\/cc-ci secrets recover" makes it one$/m);
  assert.match(seen.stdout, /^✔ reader: ssh-ed25519 \S+ \(another host or person\)$/m);

  const other = recoveryKeyIn((await (await Host.make()).secrets(["new"])).stdout);
  for (
    const [input, why] of [[other, /they are for another recovery key/], [
      "key",
      /it is not as it was printed/,
    ]] as const
  ) {
    const refused = await host.secrets(["recover"], { input });
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, why);
  }
  const recovered = await host.secrets(["recover"], { input: `${recovery}\n` });
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.match(recovered.stdout, /^This one does not any more: ssh-ed25519 /m);
  assert.deepEqual(await host.values(), before);
  assert.deepEqual(await host.values({ SOPS_AGE_KEY: recovery, HOME: "/nonexistent" }), before);
  await assert.rejects(
    host.values({ SOPS_AGE_SSH_PRIVATE_KEY_FILE: lost, HOME: "/nonexistent" }),
    /exit code 128/,
  );
  assert.ok(!(await host.seenText("argv")).includes(recovery));
  assert.ok(!`${recovered.stdout}${recovered.stderr}`.includes(recovery));
  const again = await host.secrets(["recover"], { input: recovery });
  assert.match(again.stdout, /reads ".*" already/);
});

Deno.test("a key that recovers nothing is refused as recovery key, and who has one of such a file is told what to do", async () => {
  const [host, person] = [await Host.make(), await Host.make()];
  const key = (await Deno.readTextFile(`${person.key}.pub`)).trim();
  const refused = await host.secrets(["new", "--recovery", key]);
  assert.equal(refused.code, 2);
  assert.match(
    refused.stderr,
    /^Could not use what --recovery names as recovery key\nGive the public half of/,
  );
  await assert.rejects(Deno.stat(host.file), Deno.errors.NotFound);

  const { stdout } = await exec(
    [sops, "encrypt", "--filename-override", host.file, `--age=${key}`],
    { input: "bridge_token: a-value-of-a-test\n" },
  );
  await Deno.writeTextFile(host.file, stdout);
  const recover = await host.secrets(["recover"], { input: "never asked for" });
  assert.equal(recover.code, 2);
  const [said = "", hint = ""] = recover.stderr.split("\n");
  assert.match(said, /^Could not recover the secrets in ".*": no recovery key reads them$/);
  const command = hint.slice(hint.indexOf("sops rotate"));
  await execOk(["sh", "-c", `PATH=${host.folder}:$PATH; ${command}`], {
    env: { SOPS_AGE_SSH_PRIVATE_KEY_FILE: person.key },
  });
  assert.equal((await host.values()).bridge_token, "a-value-of-a-test");
});

Deno.test("a recovery key that is typed at a terminal is not shown there", async () => {
  const host = await Host.make();
  const recovery = recoveryKeyIn((await host.secrets(["new"])).stdout);
  await host.renewKey();
  const { argv: [program = "", ...args], env } = inTerminal(host.argv("recover"));
  await using child = new Deno.Command(program, {
    ...{ args, cwd: root, env: { ...host.env, ...env }, stdin: "piped", stdout: "piped" },
  }).spawn();
  const typed = child.stdin.getWriter();
  let shown = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    const asked = shown.includes("The recovery key: ");
    shown += chunk;
    if (!asked && shown.includes("The recovery key: ")) {
      await typed.write(new TextEncoder().encode(`x\u007f${recovery}\r`));
    }
  }
  await typed.close().catch(() => {});
  assert.equal((await child.status).code, 0, shown);
  assert.match(shown, /The key that this host has now reads/);
  assert.ok(!shown.includes(recovery.slice(20, 40)), "nothing of it is on the screen");
});

Deno.test("rules for other files that lie in the caller's folder leave no secret readable", async () => {
  const host = await Host.make();
  const recipient = (await Deno.readTextFile(`${host.key}.pub`)).split(" ").slice(0, 2).join(" ");
  await Deno.writeTextFile(
    join(host.folder, ".sops.yaml"),
    `creation_rules:\n  - encrypted_regex: ^nothing$\n    age: ${recipient}\n`,
  );
  const made = await host.secrets(["new"], { cwd: host.folder });
  assert.equal(made.code, 0, made.stderr);
  assert.match(await Deno.readTextFile(host.file), /^bridge_token: ENC\[/m);

  // Where somebody has called sops with such a rule, the check says so.
  const readable = await exec([sops, "encrypt", "--filename-override", host.file], {
    ...{ cwd: host.folder, input: "bridge_token: a-value-of-a-test\n" },
  });
  await Deno.writeTextFile(host.file, readable.stdout);
  const checked = await host.secrets(["check"]);
  assert.equal(checked.code, 1);
  assert.match(checked.stdout, /^✖ bridge_token: everybody who has the file reads it/m);
  assert.ok(!checked.stdout.includes("a-value-of-a-test"));
});

Deno.test("a change is refused while another goes on, and none is lost", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const before = await host.values();
  const [open, goOn] = [join(host.folder, "open"), join(host.folder, "go-on")];
  await execOk(["mkfifo", open, goOn]);
  const EDITOR = await host.editor(
    `echo > ${open}; cat ${goOn}; sed -i 's/^forge_token: .*/forge_token: of-the-editor/' "$1"`,
  );
  const edited = host.secrets(["edit"], { env: { EDITOR } });
  await Deno.readTextFile(open);
  const refused = await host.secrets(["rotate", "webhook_secret"]);
  await Deno.writeTextFile(goOn, "");
  assert.deepEqual([(await edited).code, refused.code, refused.stdout], [0, 1, ""]);
  assert.match(
    refused.stderr,
    /^Could not change the secrets in ".*": another command is doing so\nWait until/,
  );
  assert.deepEqual(await host.values(), { ...before, forge_token: "of-the-editor" });
  assert.equal((await host.secrets(["rotate", "webhook_secret"])).code, 0);
});

Deno.test("a link to the file stays one, and what it leads to is changed", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const before = await host.values();
  const kept = join(host.folder, "kept");
  await Deno.mkdir(kept);
  await Deno.rename(host.file, join(kept, "of-this-host.yaml"));
  await Deno.symlink(join(kept, "of-this-host.yaml"), host.file);
  for (const command of [["rotate", "bridge_token"], ["edit"]]) {
    const EDITOR = await host.editor(`sed -i 's/^forge_token: .*/forge_token: given/' "$1"`);
    assert.equal((await host.secrets(command, { env: { EDITOR } })).code, 0);
    assert.ok((await Deno.lstat(host.file)).isSymlink, command[0]);
  }
  const after = await host.values();
  assert.notEqual(after.bridge_token, before.bridge_token);
  assert.equal(after.forge_token, "given");
  assert.deepEqual([...Deno.readDirSync(kept)].map(({ name }) => name), ["of-this-host.yaml"]);
});

Deno.test("a file of secrets may have any name, and one that cannot be written is told in a sentence", async () => {
  const host = await Host.make();
  for (const name of ["secrets", "secrets.json"]) {
    host.file = join(host.folder, name);
    assert.equal((await host.secrets(["new"])).code, 0);
    const rotated = await host.secrets(["rotate", "bridge_token"]);
    assert.equal(rotated.code, 0, rotated.stderr);
    const EDITOR = await host.editor(
      `sed -i 's/^\\(forge_token\\|drone_client_id\\|drone_client_secret\\): .*/\\1: given/' "$1"`,
    );
    assert.equal((await host.secrets(["edit"], { env: { EDITOR } })).code, 0);
    const checked = await host.secrets(["check"]);
    assert.equal(checked.code, 0, checked.stdout);
  }
  host.file = join(host.key, "secrets.yaml");
  const refused = await host.secrets(["new"]);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(
    refused.stderr,
    /^Could not write the secrets to ".*\/host_key\/secrets\.yaml": .*\nStart it as root/,
  );
});

Deno.test("an editor that fails, or that there is not, changes nothing and is told as what it is", async () => {
  const host = await Host.make();
  await host.secrets(["new"]);
  const text = await Deno.readTextFile(host.file);
  for (const EDITOR of ["false", "no-such-editor"]) {
    const failed = await host.secrets(["edit"], { env: { EDITOR } });
    assert.equal(failed.code, 2);
    assert.match(
      failed.stderr,
      /^Could not edit the secrets: the editor failed, or there is none\nNothing was changed/m,
    );
  }
  // As when sops waits for somebody to leave by Ctrl-C, since what was written is no YAML.
  for (const script of ["kill -INT $PPID; tail --pid=$PPID -f /dev/null", 'rm "$1"']) {
    const left = await host.secrets(["edit"], { env: { EDITOR: await host.editor(script) } });
    assert.equal(left.code, 1);
    assert.match(left.stderr, /^Could not edit the secrets in ".*": sops ended .*\nNothing was changed\. /m);
  }
  assert.equal(await Deno.readTextFile(host.file), text);
});

Deno.test("a private key that is another one than its public half says is no key that reads the file", async () => {
  const host = await Host.make();
  const recovery = recoveryKeyIn((await host.secrets(["new"])).stdout);
  const other = await Host.make();
  await Deno.copyFile(other.key, host.key);
  for (const command of ["recover", "place"]) {
    const { code, stderr } = await host.secrets([command], { input: recovery });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Could not read the secrets in ".*" with the key ".*"\n.* is the private half of ".*\.pub"/,
    );
  }
});

Deno.test("a file that is missing, none of sops, or changed by something else is told in a sentence", async () => {
  const host = await Host.make();
  const missing = await host.secrets(["check"]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /^Could not read the secrets: .*\n"\.\/cc-ci secrets new" makes the file/);
  await Deno.writeTextFile(host.file, "bridge_token: readable\n");
  const plain = await host.secrets(["place", "--to", join(host.folder, "placed")]);
  assert.match(plain.stderr, /is no file that sops encrypted with keys of age\n/);
  assert.ok(!plain.stderr.includes("readable"));

  await Deno.remove(host.file);
  await host.secrets(["new"]);
  const text = await Deno.readTextFile(host.file);
  await Deno.writeTextFile(host.file, text.replace(/^git_token: ""$/m, "git_token: added"));
  const { code, stderr } = await host.secrets(["place", "--to", join(host.folder, "placed")]);
  assert.equal(code, 1);
  assert.match(stderr, /something other than sops changed them/);
  assert.ok(!stderr.includes("added"), "not even a value that is readable is said");

  await Deno.remove(`${host.key}.pub`);
  const keyless = await host.secrets(["check"]);
  assert.match(keyless.stderr, /^Could not read this host's SSH key ".*\.pub".*\n"ssh-keygen -A" makes/);
  const old = await host.secrets(["check"], { env: { CCCI_SOPS: "/bin/true" } });
  assert.match(old.stderr, /^Could not start "\/bin\/true", which CCCI_SOPS names, as sops/);
});

Deno.test("docs/secrets.md: its commands do what it says, in the order in which they stand there", async () => {
  const text = await Deno.readTextFile(`${root}docs/secrets.md`);
  const [make = "", makeOnNixOS = "", changeOnNixOS = "", change = "", recover = ""] = [
    ...text.matchAll(/^```sh\n([^]*?)^```/gm),
  ].map(([, block]) => block);
  const folder = await Deno.makeTempDir({ dir: tmp });
  // A person fills in what the forge gives; the launcher is the one of this checkout.
  const editor = join(folder, "editor");
  await Deno.writeTextFile(
    editor,
    `#!/bin/sh\nsed -i 's/^\\(forge_token\\|drone_client_id\\|drone_client_secret\\): .*/\\1: given/' "$1"\n`,
    { mode: 0o755 },
  );
  // Of NixOS there are our own commands alone.
  for (const name of ["nix", "git", "nixos-rebuild"]) {
    await Deno.writeTextFile(join(folder, name), "#!/bin/sh\n", { mode: 0o755 });
  }
  const script = `set -eu
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc
rm -rf /etc/cc-ci /etc/ssh/ssh_host_*
mkdir -p /etc/ssh
newkey() { rm -f /etc/ssh/ssh_host_ed25519_key*; ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key; }
newkey
{ ${make}
} > ${folder}/made
cp -r /etc/cc-ci/secrets ${folder}/before
{ ${change}
} > ${folder}/changed
cp -r /etc/cc-ci/secrets ${folder}/after
mkdir /etc/nixos
( cd() { :; }
PATH=${folder}:$PATH
${makeOnNixOS}
${changeOnNixOS}
) > ${folder}/on-nixos
newkey
rm -r /etc/cc-ci/secrets
recovery=$(grep -o 'AGE-SECRET-KEY-1.*' ${folder}/made)
{ ${recover}
} > ${folder}/recovered <<EOF
$recovery
EOF
cp -r /etc/cc-ci/secrets ${folder}/again
`;
  const { code, stderr } = await exec(["unshare", "--mount", "sh", "-c", script], {
    cwd: root,
    env: { CCCI_SOPS: sops, EDITOR: editor },
    timeoutMs: 300_000,
  });
  assert.equal(code, 0, stderr);
  const read = (name: string) => Deno.readTextFile(join(folder, name));
  assert.match(await read("made"), /^✔ drone_client_id: there/m);
  const onNixOS = await read("on-nixos");
  assert.match(onNixOS, /^✔ drone_client_id: there/m);
  assert.match(onNixOS, /^ *systemctl restart cc-ci-.*bridge/m);
  assert.match(await read("changed"), /^Written: \/etc\/cc-ci\/secrets\/bridge_token$/m);
  assert.match(await read("recovered"), /^The key that this host has now reads/m);
  const names = [...Deno.readDirSync(join(folder, "before"))].map(({ name }) => name);
  assert.ok(names.length >= 9);
  for (const name of names) {
    const after = await read(`after/${name}`);
    assert.equal(after === await read(`before/${name}`), name !== "bridge_token", name);
    assert.equal(await read(`again/${name}`), after);
  }
});
