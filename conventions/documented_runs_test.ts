import assert from "node:assert/strict";
import { join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { enrolled } from "../enrolment/enrolled.ts";
import { UNITS } from "../host/units.ts";
import { commandsIn, depthOf, documentTexts, flagsOf } from "./testing/documented.ts";
import { document } from "./testing/documents.ts";
import { root } from "./testing/tree.ts";

/** The test that runs a command of the documents, and what stands there when it does. */
type RunBy = [path: string, text: string];

const HERE = "conventions/documented_runs_test.ts";
const DEMO = "e2e/demo_test.ts";
const HARNESS = "e2e/harness_test.ts";
const INSTALL = "e2e/install_test.ts";
const SECRETS: RunBy = ["e2e/secrets_test.ts", '"docs/secrets.md: its commands do what it says'];
const HOST = "host/command/cli_test.ts";

/** For each command and each of its options that a document names. */
const RUN_BY: Record<string, RunBy> = {
  "./cc-ci abra-contract": ["e2e/contract_test.ts", "abraContract({})"],
  "./cc-ci bundle": [DEMO, '"bundle", folder'],
  "./cc-ci demo": [DEMO, '"demo", "--once"'],
  "./cc-ci demo --once": [DEMO, '"demo", "--once"'],
  "./cc-ci demo --break": [DEMO, 'playDemo(["--break"]'],
  "./cc-ci demo --engine": ["e2e/drone_test.ts", 'engine: "drone"'],
  "./cc-ci down": [DEMO, 'ccci(["down"])'],
  "./cc-ci enroll": ["e2e/enroll_test.ts", '"enroll", target'],
  "./cc-ci install": [INSTALL, '"install", "--programs"'],
  "./cc-ci install --dry-run": [INSTALL, '"--dry-run"'],
  "./cc-ci janitor": ["e2e/deaths_test.ts", "janitor(bench"],
  "./cc-ci janitor --dry-run": ["e2e/deaths_test.ts", 'args: ["--dry-run"]'],
  "./cc-ci recipes check": [HERE, '"recipes", "check"'],
  "./cc-ci recipes list": [HERE, '"recipes", "list"'],
  "./cc-ci remove": ["e2e/network_test.ts", '[...HARNESS, "remove"'],
  "./cc-ci run-recipe": ["e2e/deaths_test.ts", "byLauncher: true"],
  "./cc-ci run-recipe --app": [HARNESS, '"--tests-only", "--app", domain'],
  "./cc-ci run-recipe --base": [HARNESS, '"--base"'],
  "./cc-ci run-recipe --keep": [HARNESS, '"--only", "install", "--keep"'],
  "./cc-ci run-recipe --only": [HARNESS, '"--only", "install", "--keep"'],
  "./cc-ci run-recipe --ref": [HARNESS, '"--ref"'],
  "./cc-ci run-recipe --tests-only": [HARNESS, 'run("--tests-only")'],
  "./cc-ci secrets": SECRETS,
  "./cc-ci secrets check": SECRETS,
  "./cc-ci secrets edit": SECRETS,
  "./cc-ci secrets new": SECRETS,
  "./cc-ci secrets place": SECRETS,
  "./cc-ci secrets recover": SECRETS,
  "./cc-ci secrets rotate": SECRETS,
  "./cc-ci status": [HERE, 'ccCi("status"'],
  "./cc-ci uninstall": [INSTALL, '"uninstall"'],
  "./cc-ci uninstall --dry-run": [INSTALL, '"uninstall", "--dry-run"'],
  "./cc-ci units": [HERE, '"units", folder'],
  "./cc-ci units --settings": [HERE, '"--settings", settings'],
  "./cc-ci up": ["e2e/harness_cli.ts", "ensureStack({"],
  "./cc-ci up --engine": ["e2e/drone_test.ts", 'engine: "drone"'],
  "./cc-ci up --like-production": [DEMO, '"up", "--like-production"'],
  "cc-ci-harness floor": ["e2e/floor_test.ts", 'harness("floor")'],
  "cc-ci-harness janitor": ["e2e/deaths_test.ts", "janitor(bench"],
  "cc-ci-harness janitor --dry-run": ["e2e/deaths_test.ts", 'args: ["--dry-run"]'],
  "cc-ci-host all": [HOST, 'host("all"'],
  "cc-ci-host check": [HOST, 'host("check"'],
  "cc-ci-host drain": [HOST, 'host("drain"'],
  "cc-ci-host drain --off": [HOST, '"--off"'],
  "cc-ci-host drain --why": [HOST, '"--why"'],
};

/** What no test runs, and why. */
const NOT_RUN: Record<string, string> = {
  "./cc-ci abra-contract --transcripts": "it is for a machine with the real abra",
  "./cc-ci bench": "it measures for minutes; a test runs its help",
  "./cc-ci fmt": "it rewrites this tree; suite format runs the same with --check",
  "./cc-ci ok": "it is ./cc-ci test with three suites",
  "./cc-ci test": "it is what runs this",
  "./cc-ci test --faults": "it is what runs this",
  "./cc-ci test --filter": "it is what runs this",
  "./cc-ci test --help": "it is what runs this",
  "./cc-ci test --only": "it is what runs this",
  "./cc-ci test --programs": "it is what runs this",
  "cc-ci-host drone": "Drone's first log-in is a person's; its steps are tested on a host in memory",
};

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

Deno.test("docs/install.md: the settings that it shows make the units of a host", async () => {
  const least = /^## Settings$[^]*?^```json\n([^]*?)^```/m.exec(await document("docs/install.md"))?.[1];
  const folder = await Deno.makeTempDir();
  const settings = join(folder, "host.json");
  try {
    await Deno.writeTextFile(settings, least ?? assert.fail("the settings stand somewhere else now"));
    const { code, stderr } = await ccCi("units", folder, "--settings", settings);
    assert.equal(code, 0, stderr);
    const written = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assert.deepEqual(Object.keys(UNITS.units).filter((name) => !written.includes(name)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
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
