import { runCommand } from "../common/command.ts";
import type { RunOutcome, StageName, StageOutcome } from "../protocol/result.ts";
import { holdVolume } from "./held_volume.ts";
import type { ComposeFile, FixtureOptions } from "./fixture_recipe.ts";
import type { HarnessRun } from "./harness_cli.ts";

/** A recipe with one mistake, and how a run must tell of it. */
export interface BrokenRecipe {
  /** What is wrong with it. */
  name: string;
  recipe: FixtureOptions;
  /** Text of its `recipe.yml`. A recipe without is not enrolled. */
  enrolment?: string;
  /** Files beside that `recipe.yml`, by path: `../login/recipe.yml` is another enrolment. */
  enrolled?: Record<string, string>;
  /** Stages of the run; the stages that they need run as well. @default the one that must fail */
  only?: StageName[] | "all";
  env?: Record<string, string>;
  /** @default "failed" */
  result?: RunOutcome;
  /** The stage that says what is wrong. */
  stage: StageName;
  /** How that stage ends. @default "failed" */
  ends?: StageOutcome;
  /** Whose mistake the stage says it is. @default the recipe's */
  fault?: "enrolment";
  /** Found in what the stage prints: its cause with detail, its reason, or its blemishes. */
  cause: RegExp;
  /** The stage's detail must match this as well. */
  detail?: RegExp;
  /** How many of the log lines that it shows match this. */
  shows?: { line: RegExp; times: number };
  /** What lint must have found: rule, and part of the message. */
  findings?: { rule: string; says: string }[];
  /** The level that the run must reach all the same. */
  level?: number;
  /** What happens while it runs; what comes back ends it. */
  meanwhile?: (run: HarnessRun) => Promise<AsyncDisposable>;
}

/** Lets the proxy look for the app on a port on which nothing listens. */
function leadToPort8080(compose: ComposeFile): void {
  const { deploy } = app(compose);
  deploy.labels = deploy.labels.map((label) => label.replace("server.port=80", "server.port=8080"));
}

/** Where the web server of the fixtures has its files. */
const SITE = "/usr/share/nginx/html";

/** Makes the web server the container's own process. */
const serve = "exec nginx -g 'daemon off;'";

/** Shell of an app that serves this page. */
function serving(html: string): string[] {
  return ["sh", "-c", `printf %s '${html}' > /usr/share/nginx/html/index.html; ${serve}`];
}

/** Has the app started again only after it ended with an error. */
function startedAfterFailures(compose: ComposeFile): void {
  Object.assign(app(compose).deploy, { restart_policy: { condition: "on-failure" } });
}

/** The same, with a health check that fails. */
function failingOnce(compose: ComposeFile): void {
  startedAfterFailures(compose);
  Object.assign(app(compose).healthcheck as object, { test: ["CMD", "false"] });
}

function app(compose: ComposeFile): Record<string, unknown> & { deploy: { labels: string[] } } {
  return compose.services.app as ReturnType<typeof app>;
}

function withApp(changes: Record<string, unknown>): FixtureOptions {
  return { compose: (compose) => void Object.assign(app(compose), changes) };
}

function withLabels(...labels: string[]): FixtureOptions {
  return { versions: [], compose: (compose) => void app(compose).deploy.labels.push(...labels) };
}

/** A job that ends well once and never again. */
function onceJob(run: string): Record<string, unknown> {
  return {
    image: "nginx:1.22.1",
    command: ["sh", "-c", "test ! -e /data/done && touch /data/done"],
    volumes: ["content:/data"],
    environment: { RUN: run },
    deploy: { mode: "replicated-job", restart_policy: { condition: "none" } },
  };
}

/** A config mounted into the app, of the same name in both versions. */
function withConfig(compose: ComposeFile): void {
  compose.configs = { motd: { name: "${STACK_NAME}_motd_${MOTD_VERSION}", file: "motd.txt" } };
  app(compose).configs = [{ source: "motd", target: "/etc/motd" }];
}

/** Enrolment of a recipe whose data is a record in a file, which can be destroyed by itself. */
const enrolmentWithRecord = `
repo: fixtures/quick
data:
  seed: [{ service: app, command: 'echo "$MARKER" > /usr/share/nginx/html/record.txt' }]
  destroy: [{ service: app, command: rm /usr/share/nginx/html/record.txt }]
  read: [{ service: app, command: cat /usr/share/nginx/html/record.txt }]
`;

/** A volume in memory beside the other one. */
function withScratch(compose: ComposeFile): void {
  app(compose).volumes = ["content:/usr/share/nginx/html", "scratch:/scratch"];
  compose.volumes = {
    content: null,
    scratch: { driver_opts: { type: "tmpfs", device: "tmpfs", o: "size=1m" } },
  };
}

/** Shell of an app that makes a container of no stack by Docker's socket, as runners of builds do. */
const makeChild = [
  "to='curl -s --unix-socket /var/run/docker.sock -X POST'",
  `body='{"Image":"nginx:1.22.1","Entrypoint":["sleep","600"],"HostConfig":{"Binds":["\${STACK_NAME}_content:/held"]}}'`,
  '$$to -H "Content-Type: application/json" -d "$$body" "http://docker/containers/create?name=cc-ci-child"',
  "$$to http://docker/containers/cc-ci-child/start",
].join("; ");

/** Removes that container in the end. */
const child: AsyncDisposable = {
  async [Symbol.asyncDispose]() {
    await runCommand(["docker", "rm", "--force", "cc-ci-child"]);
  },
};

/** Recipes that must fail, or must not count as clean, each for a reason of its own. The slow ones come first. */
export const brokenRecipes: BrokenRecipe[] = [
  {
    name: "a volume that something else uses when it is torn down",
    recipe: { versions: [] },
    only: ["install"],
    stage: "teardown",
    result: "infra",
    ends: "infra",
    cause: /Could not remove volume/,
    meanwhile: holdVolume,
  },
  {
    name: "a container that the recipe makes and that uses its volume for ever",
    recipe: {
      versions: [],
      ...withApp({
        volumes: ["content:/usr/share/nginx/html", "/var/run/docker.sock:/var/run/docker.sock"],
        command: ["sh", "-c", `${makeChild}; exec nginx -g 'daemon off;'`],
        // How long Docker takes for the child is not what this is about.
        healthcheck: {
          test: ["CMD", "curl", "-f", "http://localhost/"],
          interval: "1s",
          start_period: "60s",
        },
      }),
    },
    enrolment: "repo: fixtures/quick\nexceptions: [confine.socket]\n",
    only: ["install"],
    stage: "teardown",
    cause: /Could not remove volume/,
    detail: /in use by the recipe's container "cc-ci-child"/,
    meanwhile: () => Promise.resolve(child),
  },
  {
    name: "a router label with the wrong port",
    recipe: {
      versions: [],
      compose: leadToPort8080,
    },
    only: ["install"],
    stage: "install",
    cause: /status 502; the label says \S+=8080, but service "app" listens on 80/,
    detail: /[1-4] min .* healthy/,
    shows: { line: /GET \/ HTTP/, times: 1 }, // of the health check
  },
  {
    name: "an upgrade of labels only, to a port on which nothing listens",
    recipe: {
      compose(compose) {
        leadToPort8080(compose);
        delete app(compose).stop_grace_period;
      },
    },
    stage: "upgrade",
    cause: /status 502; the label says \S+=8080, but service "app" listens on 80/,
  },
  {
    name: "an upgrade of labels only, to a middleware that is not there",
    recipe: {
      compose(compose) {
        app(compose).deploy.labels.push("traefik.http.routers.${STACK_NAME}.middlewares=${STACK_NAME}-gone");
        delete app(compose).stop_grace_period;
      },
    },
    stage: "upgrade",
    cause: /status 404, the proxy knows no such app \(yet\); the proxy says of router \S+ .*does not exist/,
  },
  {
    name: "an upgrade of labels only, on a host whose proxy shows nobody its routers",
    recipe: {
      compose(compose) {
        leadToPort8080(compose);
        delete app(compose).stop_grace_period;
      },
    },
    env: { CCCI_TRAEFIK_API: "" },
    stage: "upgrade",
    cause: /status 502; the label says \S+=8080/,
  },
  {
    name: "an expected status 404 that only the proxy gives",
    recipe: {
      versions: [],
      compose(compose) {
        const { labels } = app(compose).deploy;
        app(compose).deploy.labels = labels.map((label) =>
          label.replace("entrypoints=web-secure", "entrypoints=nowhere")
        );
      },
    },
    enrolment: "repo: fixtures/quick\nhealth: { path: /nothing-here, status: 404 }\n",
    only: ["install"],
    stage: "install",
    cause:
      /status 404, the proxy knows .* entryPoint "nowhere" doesn't exist.* and the proxy has web, web-secure/,
  },
  {
    name: "a job that the upgrade runs again, which fails the second time",
    recipe: {
      published: (compose) => void (compose.services.migrate = onceJob("1")),
      compose: (compose) => void (compose.services.migrate = onceJob("2")),
    },
    stage: "upgrade",
    cause: /Service "migrate" has failed and may not be restarted: .*exit code 1/,
  },
  {
    name: "a service that fits no node of this machine",
    recipe: {
      versions: [],
      compose: (compose) =>
        void Object.assign(app(compose).deploy, { placement: { constraints: ["node.labels.disk == tape"] } }),
    },
    result: "infra",
    stage: "install",
    ends: "infra",
    cause: /Service "app" cannot be placed: .*constraints/,
  },
  {
    name: "an app that its own backup hook ends, and that Swarm starts again",
    recipe: withLabels("backupbot.backup.pre-hook=kill 1"),
    result: "passed",
    stage: "backup",
    ends: "passed",
    cause: /Service "app" ended once after it had started, and nothing had asked for that/,
  },
  {
    name: "an upgrade that Swarm rolls back silently",
    recipe: withApp({ command: ["sh", "-c", "echo Goodbye; exit 3"] }),
    stage: "upgrade",
    cause: /rolled service "app" back/,
  },
  {
    name: "an upgrade that loses the data",
    recipe: {
      compose(compose) {
        app(compose).volumes = ["elsewhere:/usr/share/nginx/html"];
        compose.volumes = { elsewhere: null };
      },
    },
    stage: "upgrade",
    cause: /data written before the upgrade is gone/,
    detail: /content.*\/usr\/share\/nginx\/html/s,
  },
  {
    name: "a page that a script leads elsewhere",
    recipe: {
      versions: [],
      ...withApp({ command: serving('<h1>Here</h1><script>location.href = "https://else.test/"</script>') }),
    },
    stage: "install",
    cause: /leads to https:\/\/else\.test\/: that is no page of the app/,
  },
  {
    name: "a page with a broken script and a style sheet that is not there",
    recipe: {
      versions: [],
      ...withApp({
        command: serving('<link rel="stylesheet" href="/missing.css"><script>throw Error("Broken")</script>'),
      }),
    },
    only: "all",
    result: "passed",
    stage: "install",
    ends: "passed",
    cause: /missing\.css.*404.*Broken/s,
    level: 3, // the highest for a recipe that is not clean
  },
  {
    name: "a dump that no hook brings back",
    recipe: withLabels(
      "backupbot.backup.pre-hook=cp /usr/share/nginx/html/record.txt /usr/share/nginx/html/dump.txt",
      "backupbot.backup.volumes.content.path=dump.txt",
    ),
    enrolment: enrolmentWithRecord,
    stage: "restore",
    cause: /data is gone after the restore/,
    detail: /record.*service app/,
  },
  {
    name: "a backup hook that fails",
    recipe: withLabels("backupbot.backup.pre-hook=echo No room for a dump >&2; exit 7"),
    stage: "backup",
    cause: /A backup hook failed, and the backup went on without it: .*No room for a dump/,
  },
  {
    name: "a dump that the hook writes elsewhere than the label says",
    recipe: withLabels(
      "backupbot.backup.pre-hook=touch /tmp/dump.txt",
      "backupbot.backup.volumes.content.path=dump.txt",
    ),
    stage: "backup",
    cause: /"dump\.txt" of volume "content" is not in the snapshot/,
    detail: /backupbot\.backup\.volumes\.content\.path .* app: touch \/tmp\/dump\.txt/,
  },
  {
    name: "twenty thousand files in a volume, and another volume after it",
    recipe: {
      versions: [],
      compose(compose) {
        app(compose).volumes = ["content:/usr/share/nginx/html", "zzz:/zzz"];
        compose.volumes = { content: null, zzz: null };
      },
    },
    enrolment: `
repo: fixtures/quick
data:
  seed:
    - service: app
      command: cd /usr/share/nginx/html && seq -f 'a-%020g' 20000 | xargs touch && echo "$MARKER" > /zzz/record
  read: [{ service: app, command: cat /zzz/record }]
`,
    only: ["restore"],
    result: "passed",
    stage: "restore",
    ends: "passed",
    cause: /^$/,
  },
  {
    name: "a volume in memory, which an update empties by design",
    recipe: { published: withScratch, compose: withScratch },
    only: ["upgrade"],
    result: "passed",
    stage: "upgrade",
    ends: "passed",
    cause: /^$/,
  },
  {
    name: "an enrolment whose seed writes nothing that its read finds",
    recipe: { versions: [] },
    enrolment: enrolmentWithRecord.replace("record.txt' }]", "elsewhere.txt' }]"),
    stage: "backup",
    result: "infra",
    ends: "infra",
    fault: "enrolment",
    cause: /recipe\.yml: seed wrote nothing that read finds/,
  },
  {
    name: "a test of its own that fails",
    recipe: {
      versions: [],
      files: {
        "tests/front_test.ts": `import assert from "node:assert/strict";
import { fetch, test } from "cc-ci";

test("the front page greets", async () => {
  assert.match(await (await fetch("/")).text(), /Good morning/);
});
`,
      },
    },
    stage: "tests",
    cause: /the front page greets/,
  },
  {
    name: "a test of its own that imports from npm",
    recipe: { versions: [], files: { "tests/front_test.ts": 'import "npm:left-pad@1.3.0";\n' } },
    stage: "tests",
    cause: /^tests\/front_test\.ts, line 1: "npm:left-pad@1\.3\.0" cannot be imported/,
    findings: [{ rule: "tests.import", says: "cannot be imported" }],
    level: 1,
  },
  {
    name: "a test of the enrolment that misspells what the kit has",
    recipe: { versions: [] },
    enrolment: "repo: fixtures/quick\n",
    enrolled: {
      "install_test.ts": 'import { fetchh, test } from "cc-ci";\ntest("answers", () => fetchh("/"));\n',
    },
    only: ["install"],
    stage: "lint",
    fault: "enrolment",
    cause: /^recipes\/quick\/install_test\.ts, line 1: The kit has no "fetchh": did you mean "fetch"\?/,
  },
  {
    name: "a test of the enrolment that throws while it is loaded",
    recipe: { versions: [] },
    enrolment: "repo: fixtures/quick\n",
    enrolled: {
      "install_test.ts":
        'import { test } from "cc-ci";\ntest("x", () => {});\nthrow new Error("not today");\n',
    },
    stage: "install",
    fault: "enrolment",
    cause: /^recipes\/quick\/install_test\.ts: The file cannot be loaded: .*not today/,
  },
  {
    name: "an enrolment that sets its app up, writes and reads by the kit: nothing is wrong with it",
    recipe: {},
    enrolment: "repo: fixtures/quick\n",
    enrolled: {
      "setup.ts": `import { exec, hand, setup } from "cc-ci";
setup(async () => {
  const token = crypto.randomUUID();
  await hand("token", token, { secret: true });
  await exec("app", ["tee", "${SITE}/token.txt"], { stdin: token });
});
`,
      "seed.ts": `import { exec, handed, seed } from "cc-ci";
seed(async (marker) => {
  const stdin = marker + " " + await handed("token");
  await exec("app", ["tee", "${SITE}/record.txt"], { stdin });
});
`,
      "read.ts": `import { fetch, read } from "cc-ci";
read(async () => await (await fetch("/record.txt")).text());
`,
      "upgrade_test.ts": `import { equal } from "node:assert/strict";
import { app, fetch, handed, test } from "cc-ci";
test("the record of before the upgrade has the set-up's token", async () => {
  const answer = await fetch("/record.txt");
  equal(await answer.text(), app.marker + " " + await handed("token"));
});
`,
    },
    only: "all",
    result: "passed",
    stage: "upgrade",
    ends: "passed",
    cause: /^$/,
    level: 5,
  },
  {
    name: "a set-up by the kit that throws and tells a password",
    recipe: { versions: [] },
    enrolment: "repo: fixtures/quick\n",
    enrolled: {
      "setup.ts": `import { hand, setup } from "cc-ci";
setup(async () => {
  await hand("password", "correct-horse", { secret: true });
  console.log("it is correct-horse");
  throw new Error("Nobody takes correct-horse");
});
`,
    },
    stage: "install",
    fault: "enrolment",
    cause: /^recipes\/quick\/setup\.ts:5: Nobody takes •••$/m,
  },
  {
    name: "a seed by the kit that does not end, at the published version",
    recipe: {},
    enrolment: "repo: fixtures/quick\n",
    enrolled: {
      "seed.ts":
        'import { seed } from "cc-ci";\nseed(() => new Promise((end) => setTimeout(end, 60_000)), { timeoutMs: 100 });\n',
      "read.ts": 'import { read } from "cc-ci";\nread(() => "");\n',
    },
    stage: "upgrade",
    fault: "enrolment",
    cause: /^recipes\/quick\/seed\.ts:2: It was not over after 0\.1 s$/m,
  },
  {
    name: "a provider that cannot be had",
    recipe: { versions: [] },
    enrolment: "repo: fixtures/quick\nneeds: [{ recipe: login }]\n",
    enrolled: { "../login/recipe.yml": "repo: fixtures/login\n" },
    result: "infra",
    stage: "install",
    ends: "blocked",
    cause: /^provider "login": .*fixtures\/login/,
  },
  {
    name: "a published version that does not start",
    recipe: { published: (compose) => void (app(compose).image = "cc-ci.invalid/gone:1") },
    only: ["install", "upgrade"],
    result: "passed",
    stage: "upgrade",
    ends: "blocked",
    cause: /published version 0\.1\.0\+1\.22\.1.*gone:1/s,
    level: 1,
  },
  {
    name: "a seed that the published version does not take",
    recipe: { compose: (compose) => void (app(compose).command = ["sh", "-c", `mkdir /new; ${serve}`]) },
    enrolment: `
repo: fixtures/quick
data:
  seed: [{ service: app, command: 'touch /new/it && echo "$MARKER" > /usr/share/nginx/html/record.txt' }]
  read: [{ service: app, command: cat /usr/share/nginx/html/record.txt }]
`,
    only: ["backup", "upgrade"],
    result: "passed",
    stage: "upgrade",
    ends: "blocked",
    cause: /published version 0\.1\.0\+1\.22\.1, which takes no data: .*service "app"/s,
    level: 1,
  },
  {
    name: "an app that never becomes healthy",
    recipe: {
      versions: [],
      compose: (compose) =>
        void Object.assign(app(compose).healthcheck as object, { test: ["CMD", "false"] }),
    },
    stage: "install",
    cause: /unhealthy|health/i,
  },
  {
    name: "an app that never becomes healthy, and ends without an error when it is told to",
    recipe: { versions: [], compose: failingOnce },
    stage: "install",
    cause: /its health check fails/, // seen before Swarm has ended the container, or after
    detail: /`false` ended with exit code 1/,
  },
  {
    name: "an update that never becomes healthy, and ends without an error when it is told to",
    recipe: { published: startedAfterFailures, compose: failingOnce },
    stage: "upgrade",
    cause: /its health check fails/, // seen before Swarm has ended the container, or after
    detail: /`false` ended with exit code 1/,
  },
  {
    name: "an app that is through at once, as if it were to run once",
    recipe: {
      versions: [],
      compose: (compose) => {
        startedAfterFailures(compose);
        Object.assign(app(compose), { command: ["echo", "Done"], healthcheck: { disable: true } });
      },
    },
    stage: "install",
    cause: /service "app", to which visitors are led, has ended without an error/,
    detail: /its command has to go on/,
  },
  {
    name: "an app that ends at once",
    recipe: withApp({ command: ["sh", "-c", "echo Goodbye; exit 3"] }),
    stage: "install",
    cause: /exit|crash|keeps (ending|failing)/i,
  },
  {
    name: "an image that does not exist",
    recipe: withApp({ image: "cc-ci.invalid/nothing:1" }),
    stage: "images",
    cause: /image.*cc-ci\.invalid\/nothing:1/i,
  },
  {
    name: "a compose file that is no YAML",
    recipe: { composeText: "services:\n  app: [\n" },
    only: ["install"],
    stage: "lint",
    cause: /compose\.yml.*(line|:)/is,
  },
  {
    name: "a compose file with an unknown key",
    recipe: withApp({ imagine: "x" }),
    stage: "lint",
    cause: /imagine/,
  },
  {
    name: "a config that changed while its version did not",
    recipe: {
      published: withConfig,
      compose: withConfig,
      publishedFiles: { "abra.sh": "export MOTD_VERSION=v1\n", "motd.txt": "Good morning\n" },
      files: { "motd.txt": "Good evening\n" },
    },
    stage: "lint",
    cause: /motd/,
  },
];
