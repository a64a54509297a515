/** The test that runs a command of the documents, and what stands there when it does. */
type RunBy = [path: string, text: string];

const HERE = "conventions/documented_runs_test.ts";
const DEMO = "e2e/demo_test.ts";
const HARNESS = "e2e/harness_test.ts";
const INSTALL = "e2e/install_test.ts";
const SECRETS: RunBy = ["e2e/secrets_test.ts", '"docs/secrets.md: its commands do what it says'];
/** Each command of the suite is called with where the file is. */
const SECRETS_FILE: RunBy = ["e2e/secrets_test.ts", '"--file", this.file'];
const HOST = "host/command/cli_test.ts";

/**
 * For each command and each of its options that a document names. It stands in a file of its own, so that no text is
 * found where it is looked for because it is looked for.
 */
export const RUN_BY: Record<string, RunBy> = {
  "./cc-ci abra-contract": ["e2e/contract_test.ts", "checkContract([])"],
  "./cc-ci bundle": [DEMO, '"bundle", folder'],
  "./cc-ci demo": [DEMO, '"demo", "--once"'],
  "./cc-ci demo --once": [DEMO, '"demo", "--once"'],
  "./cc-ci demo --break": [DEMO, 'playDemo(["--break"]'],
  "./cc-ci demo --engine": [DEMO, 'playDemo(["--engine", "local"]'],
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
  "./cc-ci secrets check --file": SECRETS_FILE,
  "./cc-ci secrets edit": SECRETS,
  "./cc-ci secrets edit --file": SECRETS_FILE,
  "./cc-ci secrets new": SECRETS,
  "./cc-ci secrets new --file": SECRETS_FILE,
  "./cc-ci secrets place": SECRETS,
  "./cc-ci secrets recover": SECRETS,
  "./cc-ci secrets rotate": SECRETS,
  "./cc-ci secrets rotate --file": SECRETS_FILE,
  "./cc-ci status": [HERE, 'ccCi("status"'],
  "./cc-ci uninstall": [INSTALL, '"uninstall"'],
  "./cc-ci uninstall --dry-run": [INSTALL, '"uninstall", "--dry-run"'],
  "./cc-ci units": [HERE, '"units", folder'],
  "./cc-ci units --settings": [HERE, '"--settings", settings'],
  "./cc-ci up": [DEMO, 'ccci(["up", "--like-production"])'],
  "./cc-ci up --engine": ["e2e/drone_test.ts", 'up(["--engine", "local"])'],
  "./cc-ci up --like-production": [DEMO, '"up", "--like-production"'],
  "cc-ci-harness floor": ["e2e/floor_test.ts", 'harness("floor")'],
  "cc-ci-harness janitor": ["e2e/deaths_test.ts", "janitor(bench"],
  "cc-ci-harness janitor --dry-run": ["e2e/deaths_test.ts", 'args: ["--dry-run"]'],
  "cc-ci-host all": [HOST, 'host("all"'],
  "cc-ci-host check": [HOST, 'host("check"'],
  "cc-ci-host drain": [HOST, 'host("drain"'],
  "cc-ci-host drain --off": [HOST, '"--off"'],
  "cc-ci-host drain --why": [HOST, '"--why"'],
  "cc-ci-host drone": ["e2e/reconcile_test.ts", 'host.call("drone")'],
};

/** What no test runs, and why. */
export const NOT_RUN: Record<string, string> = {
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
};
