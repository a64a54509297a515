import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { parseSecrets } from "../../../harness/abra/output.ts";
import type { Expectation } from "./expectation.ts";
import { IMAGE, LIGHTWEIGHT_VERSION, NEW_VERSION, OLD_VERSION, RECIPE, UNROUTED_VERSION } from "./fixture.ts";
import type { Lab } from "./lab.ts";

const DEPLOY = ["-n", "-o", "-D", "-c"];

function generate(lab: Lab): string[] {
  return ["app", "secret", "generate", lab.domain, "--all", "-m", "-n", "-o", "-C"];
}

/** What abra must do about secrets and deploys, on a real Swarm. */
export const deploySpec = ([
  {
    command: "abra app deploy DOMAIN VERSION -n -o -D -c (another tag is lightweight)",
    says: "refuses by rule R014, which looks at every tag there is, and nothing is deployed",
    sure: "T",
    async check(lab) {
      await lab.refuses(/annotated|R014/, "app", "deploy", lab.domain, OLD_VERSION, ...DEPLOY);
      deepEqual(await lab.names("service"), []);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -n -o -D -c (a tag is lightweight)",
    says: "asks no rule, with -C: what it refuses then are missing secrets",
    sure: "T",
    async check(lab) {
      await lab.refuses(/secret not (generated|inserted)/, "app", "deploy", lab.domain, "-C", ...DEPLOY);
      await lab.git("tag", "--delete", LIGHTWEIGHT_VERSION);
    },
  },
  {
    command: "abra app deploy DOMAIN VERSION -n -o -D -c (no traefik.enable)",
    says: "refuses a release by every rule of lint that is an error, such as R010",
    sure: "R",
    check: (lab) => lab.refuses(/R010/, "app", "deploy", lab.domain, UNROUTED_VERSION, ...DEPLOY),
  },
  {
    command: "abra app deploy DOMAIN -n -o -D -c (secrets missing)",
    says: "refuses with `secret not generated: NAME`, and nothing is deployed",
    sure: "S",
    async check(lab) {
      await lab.refuses(
        /secret not (generated|inserted).*: (made|given)/,
        "app",
        "deploy",
        lab.domain,
        ...DEPLOY,
      );
      deepEqual(await lab.names("service"), []);
    },
  },
  {
    command: "abra app secret generate DOMAIN --all -m -n -o -C",
    says: "prints names and values as JSON; length and charset modifiers are obeyed",
    sure: "?",
    async check(lab) {
      await lab.git("checkout", "-q", "main");
      const { stdout } = await lab.succeeds(...generate(lab));
      const made = parseSecrets(stdout.split("\n"));
      match(made?.made ?? "", /^[0-9a-f]{20}$/);
    },
  },
  {
    command: "abra app secret generate DOMAIN --all -m -n -o -C",
    says: "leaves the checkout where it is, though the app's `.env` names another version",
    sure: "?",
    check: async (lab) => equal(await lab.head(), await lab.git("rev-parse", "refs/heads/main")),
  },
  {
    command: "abra app secret generate DOMAIN --all -m -n -o -C",
    says: "leaves out secrets with `generate=false`",
    sure: "T",
    check: async (lab) => deepEqual(await lab.names("secret"), [`${lab.stack}_made_v1`]),
  },
  {
    command: "abra app secret generate DOMAIN --all -m -n -o -C (again)",
    says: "makes nothing anew: it prints an empty list, or ends with 1 and `no secrets generated`",
    sure: "?",
    async check(lab) {
      const { code, stdout, stderr } = await lab.abra(...generate(lab));
      if (code === 0) deepEqual(parseSecrets(stdout.split("\n")), {});
      else match(stdout + stderr, /no secrets/i);
    },
  },
  {
    command: "abra app deploy DOMAIN -n -o -D -c (one secret to be inserted)",
    says: "refuses with `secret not inserted (#generate=false): NAME`",
    sure: "S",
    check: (lab) =>
      lab.refuses(/secret not inserted \(#generate=false\): given/, "app", "deploy", lab.domain, ...DEPLOY),
  },
  {
    command: "abra app secret insert DOMAIN NAME VERSION VALUE -n",
    says: "stores it as <stack>_NAME_VERSION; the stack is the domain with dots as underscores",
    sure: "S",
    async check(lab) {
      await lab.succeeds("app", "secret", "insert", lab.domain, "given", "v1", "value", "-n");
      deepEqual(await lab.names("secret"), [`${lab.stack}_given_v1`, `${lab.stack}_made_v1`]);
    },
  },
  {
    command: "abra app secret insert LONG-DOMAIN …",
    says: "the stack name is cut at 45 characters",
    sure: "?",
    async check(lab) {
      await lab.succeeds("app", "secret", "insert", lab.longDomain, "given", "v1", "value", "-n");
      const cut = lab.longDomain.replaceAll(".", "_").slice(0, 45);
      deepEqual(await lab.names("secret", cut), [`${cut}_given_v1`]);
    },
  },
  {
    command: "abra app deploy DOMAIN VERSION -n -o -D -c",
    says: "deploys that release though a newer one is noted, moves the checkout there and returns 0",
    sure: "D",
    async check(lab) {
      await lab.succeeds("app", "deploy", lab.domain, OLD_VERSION, ...DEPLOY);
      equal(await lab.head(), await lab.git("rev-parse", `refs/tags/${OLD_VERSION}^{commit}`));
      deepEqual(await lab.names("service"), [`${lab.stack}_app`, `${lab.stack}_side`]);
    },
  },
  {
    command: "abra app deploy DOMAIN VERSION …",
    says: "stamps recipe, version and chaos=false on the `app` service and on no other",
    sure: "S",
    async check(lab) {
      equal(await lab.stamp("recipe"), RECIPE);
      equal(await lab.stamp("version"), OLD_VERSION);
      equal(await lab.stamp("chaos"), "false");
      equal((await lab.labels("side"))[`coop-cloud.${lab.stack}.recipe`], undefined);
    },
  },
  {
    command: "abra app deploy DOMAIN VERSION …",
    says: "takes config versions from the exports of `abra.sh`",
    sure: "S",
    check: async (lab) => deepEqual(await lab.names("config"), [`${lab.stack}_greeting_v1`]),
  },
  {
    command: "abra app deploy DOMAIN VERSION …",
    says: "asks the registry for each image's digest, by which the service then names it beside the tag",
    sure: "T",
    async check(lab) {
      // An image that was made on this machine has no digest that a registry could have told.
      const known = (await lab.digests(IMAGE)).length > 0;
      const digest = "@sha256:[0-9a-f]{64}";
      for (const service of ["app", "side"]) {
        match(
          await lab.image(service),
          new RegExp(`^${RegExp.escape(IMAGE)}${known ? digest : `(${digest})?`}$`),
        );
      }
    },
  },
  {
    command: "abra app deploy DOMAIN VERSION …",
    says: "fills in variables from the app's `.env` alone, not from the caller's environment",
    sure: "I",
    check: async (lab) => equal((await lab.labels("app"))["contract.leak"], "none"),
  },
  {
    command: "abra app deploy DOMAIN VERSION …",
    says: "notes the deployed version in the app's `.env`",
    sure: "D",
    check: async (lab) => equal((await lab.env())?.TYPE, `${RECIPE}:${OLD_VERSION}`),
  },
  {
    command: "abra app deploy DOMAIN -n -o -D -c (deployed)",
    says: "refuses an app that is deployed, without -f or -C",
    sure: "S",
    check: (lab) => lab.refuses(/already deployed/, "app", "deploy", lab.domain, ...DEPLOY),
  },
  {
    command: "abra app deploy DOMAIN -f -o -D -c (no -n, stdin closed)",
    says: "asks, gets no answer, and ends instead of waiting for ever",
    sure: "I",
    check: (lab) => lab.refuses(/./, "app", "deploy", lab.domain, "-f", "-o", "-D", "-c"),
  },
  {
    command: "abra app deploy DOMAIN -f … (dirty checkout)",
    says: "refuses a checkout with changes, untracked files included",
    sure: "T",
    async check(lab) {
      await Deno.writeTextFile(`${lab.checkout}/untracked`, "x");
      await lab.refuses(/locally unstaged changes/, "app", "deploy", lab.domain, "-f", ...DEPLOY);
      await Deno.remove(`${lab.checkout}/untracked`);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D -c",
    says: "deploys the checkout as it stands and leaves it there; new config versions count",
    sure: "T",
    async check(lab) {
      await lab.git("checkout", "-q", "main");
      const before = await lab.head();
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", ...DEPLOY);
      equal(await lab.head(), before);
      equal((await lab.names("config")).includes(`${lab.stack}_greeting_v2`), true);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f …",
    says:
      "stamps chaos=true and chaos-version=<8 digits of the commit>; the version label is the compose file's",
    sure: "T",
    async check(lab) {
      equal(await lab.stamp("chaos"), "true");
      equal(await lab.stamp("chaos-version"), (await lab.head()).slice(0, 8));
      equal(await lab.stamp("version"), NEW_VERSION);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f …",
    says: "notes the commit in the app's `.env` in the place of a version",
    sure: "D",
    check: async (lab) => equal((await lab.env())?.TYPE, `${RECIPE}:${(await lab.head()).slice(0, 8)}`),
  },
  {
    command: "abra app deploy DOMAIN -C -f … (untracked file)",
    says: "deploys a dirty checkout too and marks the chaos version with +U",
    sure: "T",
    async check(lab) {
      await Deno.writeTextFile(`${lab.checkout}/untracked`, "x");
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", ...DEPLOY);
      equal(await lab.stamp("chaos-version"), `${(await lab.head()).slice(0, 8)}+U`);
      await Deno.remove(`${lab.checkout}/untracked`);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D",
    says: "without -c waits until the services are healthy",
    sure: "T",
    async check(lab) {
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", "-n", "-o", "-D");
      const ps = JSON.parse((await lab.succeeds("app", "ps", lab.domain, "-m")).stdout);
      match(String(ps.app?.status), /healthy/);
    },
  },
  {
    command: "abra app ps DOMAIN -m",
    says: "JSON keyed by service, each with image, state and status",
    sure: "?",
    async check(lab) {
      const ps = JSON.parse((await lab.succeeds("app", "ps", lab.domain, "-m")).stdout);
      deepEqual(Object.keys(ps).sort(), ["app", "side"]);
      equal(ps.app.state, "running");
      match(ps.app.image, /^nginx:/);
    },
  },
  {
    command: "abra app ls -S -m",
    says: "JSON keyed by server, with the apps, their domains, and what of each is deployed",
    sure: "?",
    async check(lab) {
      const ls = JSON.parse((await lab.succeeds("app", "ls", "-S", "-m")).stdout);
      const app = ls.default.apps.find((one: { domain: string }) => one.domain === lab.domain);
      deepEqual([app?.status, app?.chaos, app?.recipe], ["deployed", "true", RECIPE], JSON.stringify(ls));
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D -c (POST_DEPLOY_CMDS)",
    says: "with -c does not run the commands of POST_DEPLOY_CMDS; the harness does so by `app cmd`",
    sure: "?",
    async check(lab) {
      await lab.setEnv("POST_DEPLOY_CMDS", '"app note first|app note second"');
      await lab.succeeds("app", "deploy", lab.domain, "-C", "-f", ...DEPLOY);
      equal(await lab.inContainer("app", "cat /cache/noted 2>/dev/null || true"), "");
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D (POST_DEPLOY_CMDS)",
    says: "without -c runs them when the app runs, one after the other, each in its service's container",
    sure: "?",
    async check(lab) {
      const { code, lines } = await lab.terminal("app", "deploy", lab.domain, "-C", "-f", "-n", "-o", "-D");
      equal(code, 0, lines.join("\n"));
      equal(await lab.inContainer("app", "cat /cache/noted"), "first\nsecond");
      await lab.setEnv("POST_DEPLOY_CMDS", null);
    },
  },
  {
    command: "abra app deploy DOMAIN -C -f -n -o -D (never healthy)",
    says: "ends with 1 after the seconds of the `app` service's timeout label; the stack stays deployed",
    sure: "T",
    async check(lab) {
      await lab.setEnv("TIMEOUT", "4");
      await lab.setEnv("HEALTH_EXIT", "1");
      const started = performance.now();
      await lab.refuses(
        /deploy (timed out|failed)/,
        "app",
        "deploy",
        lab.domain,
        "-C",
        "-f",
        "-n",
        "-o",
        "-D",
      );
      const seconds = (performance.now() - started) / 1000;
      equal(seconds > 2 && seconds < 20, true, `it took ${seconds.toFixed(1)} s`);
      notEqual((await lab.names("service")).length, 0);
    },
  },
] satisfies Expectation[]).map((expectation) => ({ ...expectation, swarm: true }));
