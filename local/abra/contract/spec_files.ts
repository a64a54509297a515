import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { parseCheck, parseLint } from "../../../harness/abra/output.ts";
import type { Expectation, Sure } from "./expectation.ts";
import {
  addLightweightTag,
  BAD_DURATION,
  LIGHTWEIGHT_VERSION,
  NEW_VERSION,
  OLD_VERSION,
  RECIPE,
} from "./fixture.ts";

/** Flags that the harness and this contract use, by command. */
const flags: Record<string, { names: string[]; sure: Sure }> = {
  "server add": { names: ["--local"], sure: "S" },
  "recipe lint": { names: ["-n", "-o", "-C"], sure: "R" },
  "app new": { names: ["-s", "-D", "-n", "-o", "-C"], sure: "D" },
  "app deploy": { names: ["-n", "-o", "-D", "-c", "-C", "-f"], sure: "T" },
  "app secret generate": { names: ["--all", "-m", "-n", "-o", "-C"], sure: "?" },
  "app backup create": { names: ["-n", "-C"], sure: "?" },
  "app backup snapshots": { names: ["-n", "-C"], sure: "?" },
  "app restore": { names: ["-n", "-C"], sure: "?" },
  "app cmd": { names: ["-n", "-o", "-C"], sure: "?" },
  "app undeploy": { names: ["-n"], sure: "?" },
};

const helpSpec: Expectation[] = Object.entries(flags).map(([command, { names, sure }]) => ({
  command: `abra ${command} --help`,
  says: `names the flags that the harness gives it: ${names.join(" ")}`,
  sure,
  async check(lab) {
    const { stdout } = await lab.succeeds(...command.split(" "), "--help");
    deepEqual(names.filter((name) => !new RegExp(`(^|[\\s,])${name}\\b`, "m").test(stdout)), [], stdout);
  },
}));

/** What holds without any engine: ABRA_DIR, recipe checkouts, `.env` files. */
export const filesSpec: Expectation[] = [
  {
    command: "abra --version",
    says: "names a version and exits 0",
    sure: "T",
    async check(lab) {
      match((await lab.succeeds("--version")).stdout, /\d+\.\d+\.\d+/);
    },
  },
  {
    command: "abra app ls --no-such-flag",
    says: "an unknown flag is an error with exit code 1",
    sure: "?",
    check: (lab) => lab.refuses(/no-such-flag/, "app", "ls", "--no-such-flag"),
  },
  ...helpSpec,
  {
    command: "abra server add --local",
    says: "makes the server `default` below ABRA_DIR, and nowhere else",
    sure: "S",
    async check(lab) {
      await lab.succeeds("server", "add", "--local");
      equal((await Deno.stat(`${lab.abraDir}/servers/default`)).isDirectory, true);
    },
  },
  {
    command: "abra recipe versions R -m -o",
    says: "JSON that names every published version, the newest first",
    sure: "T",
    async check(lab) {
      const text = (await lab.succeeds("recipe", "versions", RECIPE, "-m", "-o")).stdout;
      JSON.parse(text);
      const [newest, oldest] = [text.indexOf(NEW_VERSION), text.indexOf(OLD_VERSION)];
      equal(newest >= 0 && oldest > newest, true, text);
    },
  },
  {
    command: "abra app new R -s default -D DOMAIN -n -o",
    says:
      "copies `.env.sample` to servers/default/DOMAIN.env with DOMAIN and `TYPE=R:<newest release>` filled in",
    sure: "D",
    async check(lab) {
      await lab.succeeds("app", "new", RECIPE, "-s", "default", "-D", lab.domain, "-n", "-o");
      const env = await lab.env();
      equal(env?.DOMAIN, lab.domain);
      equal(env?.TYPE ?? env?.RECIPE, `${RECIPE}:${NEW_VERSION}`);
    },
  },
  {
    command: "abra app new R -s default -D DOMAIN -n -o",
    says: "moves the recipe checkout to the newest release tag",
    sure: "T",
    async check(lab) {
      equal(await lab.head(), await lab.git("rev-parse", `refs/tags/${NEW_VERSION}^{commit}`));
    },
  },
  {
    command: "abra app new R … (domain taken)",
    says: "refuses a domain that has an `.env` already",
    sure: "R",
    check: (lab) =>
      lab.refuses(/exists/, "app", "new", RECIPE, "-s", "default", "-D", lab.domain, "-n", "-o"),
  },
  {
    command: "abra app new R … (dirty checkout)",
    says: "refuses a checkout with changes, untracked files included",
    sure: "T",
    async check(lab) {
      await Deno.writeTextFile(`${lab.checkout}/untracked`, "x");
      const call = ["app", "new", RECIPE, "-s", "default", "-D", lab.otherDomain, "-n", "-o"];
      await lab.refuses(/locally unstaged changes/, ...call);
      equal(await lab.env(lab.otherDomain), undefined);
      await Deno.remove(`${lab.checkout}/untracked`);
    },
  },
  {
    command: "abra app new R -C …",
    says: "leaves the checkout where it is and notes its commit in `TYPE`",
    sure: "D",
    async check(lab) {
      await lab.git("checkout", "-q", "main");
      const before = await lab.head();
      await lab.succeeds("app", "new", RECIPE, "-C", "-s", "default", "-D", lab.longDomain, "-n", "-o");
      equal(await lab.head(), before);
      const env = await lab.env(lab.longDomain);
      equal(env?.DOMAIN, lab.longDomain);
      notEqual(env.TYPE ?? env.RECIPE, `${RECIPE}:${NEW_VERSION}`);
    },
  },
  {
    command: "abra app new R -C … (duration left to interpolation)",
    says: "validates the compose schema before variables are filled in",
    sure: "T",
    async check(lab) {
      await lab.git("checkout", "-q", `origin/${BAD_DURATION}`);
      const call = ["app", "new", RECIPE, "-C", "-s", "default", "-D", lab.otherDomain, "-n", "-o"];
      await lab.refuses(/Does not match format 'duration'/, ...call);
      await Deno.remove(lab.envFile(lab.otherDomain)).catch(() => {});
      await lab.git("checkout", "-q", "main");
    },
  },
  {
    command: "abra recipe fetch R -n",
    says: "brings new tags from the checkout's own origin",
    sure: "R",
    async check(lab) {
      await addLightweightTag(lab.origin);
      await lab.succeeds("recipe", "fetch", RECIPE, "-n");
      equal(await lab.git("tag", "--list", LIGHTWEIGHT_VERSION), LIGHTWEIGHT_VERSION);
    },
  },
  {
    command: "abra recipe fetch R -n -o",
    says: "brings none with -o, ends with 0, and the next call without it brings them",
    sure: "?",
    async check(lab) {
      await lab.git("tag", "--delete", LIGHTWEIGHT_VERSION);
      await lab.succeeds("recipe", "fetch", RECIPE, "-n", "-o");
      equal(await lab.git("tag", "--list", LIGHTWEIGHT_VERSION), "");
      await lab.succeeds("recipe", "fetch", RECIPE, "-n");
      equal(await lab.git("tag", "--list", LIGHTWEIGHT_VERSION), LIGHTWEIGHT_VERSION);
    },
  },
  {
    command: "abra app check DOMAIN -n -o -C",
    says: "prints which settings of `.env.sample` the app has, and ends with 0 whatever is missing",
    sure: "T",
    async check(lab) {
      await lab.setEnv("LETS_ENCRYPT_ENV", null);
      const { code, lines } = await lab.terminal("app", "check", lab.domain, "-n", "-o", "-C");
      equal(code, 0, lines.join("\n"));
      deepEqual(parseCheck(lines), ["LETS_ENCRYPT_ENV"]);
      await lab.setEnv("LETS_ENCRYPT_ENV", "");
    },
  },
  {
    command: "abra recipe lint R -n -o -C",
    says: "wants a terminal, `-n` or not",
    sure: "T",
    check: (lab) => lab.refuses(/ioctl|TTY/, "recipe", "lint", RECIPE, "-n", "-o", "-C"),
  },
  {
    command: "abra recipe lint R -n -o -C",
    says:
      "prints rules R001 and on as a table, cells broken over lines; rules that do not hold leave the exit code at 0",
    sure: "T",
    async check(lab) {
      const { code, lines } = await lab.terminal("recipe", "lint", RECIPE, "-n", "-o", "-C");
      equal(code, 0, lines.join("\n"));
      const rows = parseLint(lines);
      equal(rows.length > 12 && rows[0]?.rule === "R001", true, lines.join("\n"));
      const bare = rows.filter(({ description, help }) => description === "" || help === "");
      deepEqual(bare, [], "rows without description or advice");
      const annotated = rows.find(({ rule }) => rule === "R014");
      deepEqual([annotated?.severity, annotated?.satisfied], ["error", false]);
      equal(rows.find(({ rule }) => rule === "R009")?.satisfied, true);
    },
  },
  {
    command: "abra recipe lint R -n -o -C (untracked compose file)",
    says: "reads every compose*.yml of the tree, untracked ones too, and fails where linting cannot be done",
    sure: "T",
    async check(lab) {
      await Deno.writeTextFile(
        `${lab.checkout}/compose.extra.yml`,
        "services: {app: {image: nginx:latest}}\n",
      );
      const { lines } = await lab.terminal("recipe", "lint", RECIPE, "-n", "-o", "-C");
      equal(parseLint(lines).find(({ rule }) => rule === "R004")?.satisfied, false, lines.join("\n"));
      await Deno.remove(`${lab.checkout}/compose.extra.yml`);
      await lab.git("checkout", "-q", `origin/${BAD_DURATION}`);
      const refused = await lab.terminal("recipe", "lint", RECIPE, "-n", "-o", "-C");
      equal(refused.code, 1);
      match(refused.lines.join("\n"), /unable to validate recipe/);
      await lab.git("checkout", "-q", "main");
    },
  },
  {
    command: "abra recipe lint R -n -o (dirty checkout)",
    says: "refuses a checkout with changes without -C",
    sure: "R",
    async check(lab) {
      await Deno.writeTextFile(`${lab.checkout}/untracked`, "x");
      const { code, lines } = await lab.terminal("recipe", "lint", RECIPE, "-n", "-o");
      equal(code, 1);
      match(lines.join("\n"), /locally unstaged changes/);
      await Deno.remove(`${lab.checkout}/untracked`);
    },
  },
];
