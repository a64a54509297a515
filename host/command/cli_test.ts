import assert from "node:assert/strict";
import { join } from "node:path";
import { exec, execOk } from "../../common/exec.ts";
import { startCommand } from "../../programs/start.ts";
import { credentials } from "../credentials.ts";

const tmp = await Deno.makeTempDir({ prefix: "cc-ci-host-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));

async function host(...args: string[]) {
  const { code, stdout, stderr } = await exec([...startCommand("host"), ...args], { env: { NO_COLOR: "1" } });
  return { code, stdout, stderr };
}

/** Writes the settings of a host with a certificate for these names, and all of its secrets except some. */
async function settingsFile(
  { names = ["ci.example.org", "*.ci.example.org"], days = 90, without = [] as string[] } = {},
): Promise<string> {
  const folder = await Deno.makeTempDir({ dir: tmp });
  await Deno.mkdir(join(folder, "secrets"));
  for (const name of credentials) {
    if (!without.includes(name)) {
      await Deno.writeTextFile(join(folder, "secrets", name), `${name}-of-a-test\n`);
    }
  }
  await execOk([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=test", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`)}`],
    ...["-days", String(days), "-keyout", join(folder, "privkey.pem"), "-out", join(folder, "fullchain.pem")],
  ]);
  const path = join(folder, "host.json");
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      domain: "ci.example.org",
      forge: { url: "https://git.example.org", org: "recipes" },
      certificates: folder,
      secrets: join(folder, "secrets"),
      drone: {},
      backupBot: {},
    }),
  );
  return path;
}

Deno.test("the program says what it can do, and ends with 2 where it is called wrongly", async () => {
  const help = await host("--help");
  assert.equal(help.code, 0, help.stderr);
  assert.match(help.stdout, /Usage: cc-ci-host .*check/s);
  assert.deepEqual(await host("brew"), { code: 2, stdout: "", stderr: "Unknown command 'brew'\n" });
  assert.equal((await host()).code, 2);
});

Deno.test("settings that are missing or wrong are named, and the program ends with 2", async () => {
  const none = await host("check", "--settings", join(tmp, "none.json"));
  assert.match(
    none.stderr,
    /^Could not read the settings of this host from ".*none\.json": .*Write that file/,
  );
  const path = join(tmp, "wrong.json");
  await Deno.writeTextFile(path, JSON.stringify({ domain: "CI", forge: { url: "git" }, colour: "blue" }));
  const wrong = await host("check", "--settings", path, "--json");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /domain: must be a domain name in lower case; forge\.url: .*; forge\.org: .*"colour"/,
  );
  assert.equal(JSON.parse(wrong.stdout).outcome, "usage");
});

Deno.test("a look at a host names what is missing and what to do, one line each, and ends with 1", async () => {
  const path = await settingsFile({ names: ["ci.example.net"], without: ["drone_token"] });
  const { code, stdout } = await host("check", "--settings", path, "--json");
  const lines = stdout.trim().split("\n");
  const found = JSON.parse(lines.pop() ?? "");
  assert.equal(code, 1, stdout);
  assert.equal(found.outcome, "wrong");
  const wrong = lines.filter((line) => line.startsWith("✖"));
  assert.match(
    wrong[0] ?? "",
    /^✖ certificate: The certificate in ".*" is for ci\.example\.net, and not for ci\.example\.org and \*\.ci\.example\.org\. Put a certificate for/,
  );
  assert.match(wrong[1] ?? "", /^✖ secret drone_token: The secret "drone_token" is missing or empty in/);
  assert.match(lines.find((line) => line.includes("secret restic_password")) ?? "", /^✔/);
});
