import assert from "node:assert/strict";
import { join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { enrolled } from "../enrolment/enrolled.ts";
import { UNITS } from "../host/units.ts";
import { commandsIn, depthOf, documentTexts, flagsOf } from "./testing/documented.ts";
import { NOT_RUN, RUN_BY } from "./testing/documented_runs.ts";
import { document } from "./testing/documents.ts";
import { root } from "./testing/tree.ts";

Deno.test("documents: a test runs every command of ours that they name, with each of its options", async () => {
  const ours = (await documentTexts()).flatMap(commandsIn).filter(({ words: [program = "", name = ""] }) =>
    /^(?:\.\/cc-ci|cc-ci-host|cc-ci-harness)$/.test(program) && /^[a-z-]+$/.test(name) && name !== "help"
  );
  const named = new Set(ours.flatMap(({ words }) => {
    const command = words.slice(0, depthOf(words)).join(" ");
    return [command, ...flagsOf(words).map((flag) => `${command} ${flag}`)];
  }));
  const known = { ...RUN_BY, ...NOT_RUN };
  assert.deepEqual([...named].filter((command) => known[command] === undefined), [], "nothing runs it");
  assert.deepEqual(Object.keys(known).filter((command) => !named.has(command)), [], "no document names it");
  for (const [command, [path, text]] of Object.entries(RUN_BY)) {
    assert.ok((await document(path)).includes(text), `${path} does not run "${command}" by ${text}`);
  }
});

const ccCi = async (...args: string[]) =>
  await exec([`${root}cc-ci`, ...args], { cwd: root, env: { NO_COLOR: "1" }, timeoutMs: 300_000 });

Deno.test("README.md: enrolled recipes are looked at and listed without a stack", async () => {
  const checked = await ccCi("recipes", "check", "custom-html");
  assert.equal(checked.code, 0, checked.stderr);
  const listed = await ccCi("recipes", "list");
  assert.equal(listed.code, 0, listed.stderr);
  const missing = (await enrolled(`${root}recipes`)).filter((name) => !listed.stdout.includes(name));
  assert.deepEqual(missing, []);
});

Deno.test("README.md: the status says where everything lies, whether it runs or not", async () => {
  const { code, stdout } = await ccCi("status");
  assert.equal(code, 0);
  assert.match(stdout, /^Docker Engine .*^Gitea .*^Dashboard .*^Cache: \//ms);
});

Deno.test("docs/install.md: the settings that it shows make the units of such a host, and no others", async () => {
  const text = await document("docs/install.md");
  for (
    const [heading, without] of [
      ["Settings", []],
      ["More than one host", ["cc-ci-bridge.service", "cc-ci-dashboard.service", "cc-ci-drone.service"]],
    ] as const
  ) {
    const shown = new RegExp(`^## ${heading}$[^]*?^\`\`\`json\n([^]*?)^\`\`\``, "m").exec(text)?.[1];
    const folder = await Deno.makeTempDir();
    const settings = join(folder, "host.json");
    try {
      await Deno.writeTextFile(settings, shown ?? assert.fail("the settings stand somewhere else now"));
      const { code, stderr } = await ccCi("units", folder, "--settings", settings);
      assert.equal(code, 0, stderr);
      const written = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
      assert.deepEqual(Object.keys(UNITS.units).filter((name) => !written.includes(name)).sort(), without);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
});

Deno.test("documents: what they ask of a certificate, openssl answers", async () => {
  const asked = (await documentTexts()).flatMap(commandsIn).filter(({ words: [program] }) =>
    program === "openssl"
  );
  assert.ok(asked.length > 1);
  const file = await Deno.makeTempFile({ suffix: ".pem" });
  try {
    const names = "subjectAltName=DNS:ci.example.org,DNS:*.ci.example.org";
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"];
    await execOk(["openssl", "req", "-x509", ...made, "-out", file, "-subj", "/CN=ci", "-addext", names]);
    for (const { words } of asked) {
      const { stdout } = await execOk(words.map((word) => word.startsWith("/var/lib/") ? file : word));
      assert.match(stdout, /^notAfter=/m, words.join(" "));
      if (words.includes("subjectAltName")) assert.match(stdout, /DNS:\*\.ci\.example\.org/);
    }
  } finally {
    await Deno.remove(file);
  }
});
