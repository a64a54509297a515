import assert from "node:assert/strict";
import { join } from "node:path";
import { FileLock } from "../../common/file_lock.ts";
import { execOk } from "../../common/exec.ts";
import { fromFileUrl } from "../../common/files.ts";
import { install, uninstall } from "./install.ts";

const settings = {
  domain: "ci.example.org",
  forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  drone: { commit: "a".repeat(40) },
};

Deno.test("what an installation lacks is told before anything is written", async () => {
  const root = await Deno.makeTempDir();
  const lacking = async (message: RegExp, hint: RegExp) => {
    const before = JSON.stringify([...Deno.readDirSync(root)]);
    await assert.rejects(
      install(["--root", root]),
      (error: Error & { hint?: string }) => message.test(error.message) && hint.test(error.hint ?? ""),
    );
    assert.equal(JSON.stringify([...Deno.readDirSync(root)]), before);
  };
  try {
    await lacking(
      /^Could not install: there is no ".*\/etc\/cc-ci\/host\.json"/,
      /The least that it needs: \{"domain"/,
    );
    await Deno.mkdir(join(root, "etc/cc-ci/secrets"), { recursive: true });
    const file = join(root, "etc/cc-ci/host.json");
    await Deno.writeTextFile(file, JSON.stringify({ ...settings, domain: "CI" }));
    await lacking(/domain: must be a domain name in lower case/, /Put that right/);
    await Deno.writeTextFile(file, JSON.stringify(settings));
    await lacking(
      /^Could not install: the host lacks secrets: bridge_token, .*drone_client_secret$/,
      /"\.\/cc-ci secrets new"/,
    );
    for (
      const name of ["bridge_token", "runner_token", "webhook_secret", "drone_token", "drone_rpc_secret"]
    ) {
      await Deno.writeTextFile(join(root, "etc/cc-ci/secrets", name), "a value");
    }
    await Deno.writeTextFile(join(root, "etc/cc-ci/secrets/forge_token"), "\n");
    await lacking(
      /lacks secrets: forge_token, drone_client_id, drone_client_secret$/,
      /put a file for each into "\/etc\/cc-ci\/secrets"/,
    );
    await assert.rejects(install(["--root", root, "--prefix", "opt"]), /it is no absolute path/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

/** In the place of sops: a file is as readable as what stands in it. */
const PLAIN_SOPS = `#!/bin/sh
for last; do :; done
case "$1" in --version) echo sops 3.13.3 ;; decrypt) sed '/^sops:/,$d' "$last" ;; esac
`;

Deno.test("secrets that lie there stay as they are when others lack", async () => {
  const root = await Deno.makeTempDir();
  const before = Deno.env.get("CCCI_SOPS");
  try {
    await Deno.mkdir(join(root, "etc/cc-ci/secrets"), { recursive: true });
    await Deno.writeTextFile(join(root, "etc/cc-ci/host.json"), JSON.stringify(settings));
    const encrypted = 'bridge_token: a-new-value-of-it\nforge_token: ""\nsops: {age: [{recipient: age1x}]}\n';
    await Deno.writeTextFile(join(root, "etc/cc-ci/secrets.yaml"), encrypted);
    for (const name of ["bridge_token", "forge_token"]) {
      await Deno.writeTextFile(join(root, "etc/cc-ci/secrets", name), "the one of before");
    }
    await Deno.writeTextFile(join(root, "sops"), PLAIN_SOPS, { mode: 0o755 });
    Deno.env.set("CCCI_SOPS", join(root, "sops"));
    await assert.rejects(install(["--root", root]), /the host lacks secrets: runner_token, forge_token, /);
    for (const name of ["bridge_token", "forge_token"]) {
      assert.equal(await Deno.readTextFile(join(root, "etc/cc-ci/secrets", name)), "the one of before");
    }
  } finally {
    if (before === undefined) Deno.env.delete("CCCI_SOPS");
    else Deno.env.set("CCCI_SOPS", before);
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("of two calls that install or uninstall at one root folder the second one is refused, and changes nothing", async () => {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "etc/cc-ci"), { recursive: true });
    await Deno.writeTextFile(join(root, "etc/cc-ci/host.json"), JSON.stringify(settings));
    const other = await FileLock.takeFolder(root, "alone") ?? assert.fail();
    const refused = {
      code: "usage",
      message:
        /^Could not (un)?install: another call of "\.\/cc-ci install" or "\.\/cc-ci uninstall" goes on$/,
    };
    await assert.rejects(install(["--root", root]), refused);
    await assert.rejects(uninstall(["--root", root, "--purge"]), refused);
    other[Symbol.dispose]();
    await assert.rejects(install(["--root", root]), /lacks secrets/);
    await uninstall(["--root", root, "--purge"]);
    assert.deepEqual([...Deno.readDirSync(join(root, "etc"))], []);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("what is installed can be read by the users that systemd makes up, whatever the caller keeps from others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const at = (name: string) => join(folder, name);
    await Deno.mkdir(at("root/etc/cc-ci"), { recursive: true });
    const { domain, forge } = settings;
    const without = ["dashboard", "bridge", "runner"];
    await Deno.writeTextFile(at("root/etc/cc-ci/host.json"), JSON.stringify({ domain, forge, without }));
    await Deno.mkdir(at("programs"));
    await Deno.writeTextFile(at("programs/harness.js"), "");
    const main = fromFileUrl(new URL("../main.ts", import.meta.url).href);
    const call = [
      Deno.execPath(),
      "run",
      "-A",
      "-q",
      main,
      "install",
      "--root",
      at("root"),
      "--programs",
      at("programs"),
    ];
    await execOk(["sh", "-c", 'umask 077; exec "$@"', "sh", ...call]);
    const closed = ["find", at("root/opt"), "!", "-type", "l", "!", "-perm", "-004"];
    assert.equal((await execOk(closed)).stdout, "");
    assert.notEqual((await execOk(["find", at("root/opt/cc-ci/programs/harness.js")])).stdout, "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
