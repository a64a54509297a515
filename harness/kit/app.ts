import { call, KitError } from "./call.ts";

/** The app under test. */
export interface App {
  recipe: string;
  domain: string;
  /** Its further domains, by the names in `extra_domains` of `recipe.yml`. */
  domains: Readonly<Record<string, string>>;
  /** `https://<domain>` */
  url: string;
  /** Stage that runs this test: `install`, `upgrade`, … */
  stage: string;
  /** What is deployed now: a published version, or the short commit under test. */
  version: string;
  /** Published version the upgrade started from, in upgrade tests. */
  base?: string;
  /** A text that is unlikely to be in any app by chance; the run's data is written with it. */
  marker: string;
  /** Domains of the apps that need this one, where it was deployed as a provider. */
  neededBy?: readonly string[];
}

/** How a command in a container ended. */
export interface ExecResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** Text for the command's standard input. */
  stdin?: string;
  /** @default 60000 */
  timeoutMs?: number;
  /**
   * Whether to return the result whatever the exit code is. @default false: an exit code other than 0 fails the test
   */
  anyExitCode?: boolean;
}

const [, appJson = "{}"] = Deno.args;

/**
 * The app under test.
 *
 * ```ts
 * import { equal, match } from "node:assert/strict";
 * import { app, fetch, test } from "cc-ci";
 *
 * test("the app knows its own address", async () => {
 *   equal(app.url, `https://${app.domain}`);
 *   match(await (await fetch("/feed.xml")).text(), new RegExp(app.url));
 * });
 * ```
 */
export const app: Readonly<App> = Object.freeze(JSON.parse(appJson));

/**
 * One of the app's domains: by its name in `extra_domains` of `recipe.yml`, or without a name the app's own. `fetch` and
 * `page` take addresses of all of them.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { domain, fetch, test } from "cc-ci";
 *
 * test("the second domain serves files and nothing else", async () => {
 *   equal((await fetch(`https://${domain("files")}/logo.png`)).status, 200);
 *   equal((await fetch(`https://${domain("files")}/login`)).status, 404);
 * });
 * ```
 */
export function domain(name?: string): string {
  if (name === undefined) return app.domain;
  if (Object.hasOwn(app.domains, name)) return app.domains[name] ?? "";
  const known = Object.keys(app.domains);
  const has = known.length === 0 ? "it names none" : `it names ${known.join(", ")}`;
  throw new KitError("domain.unknown", `There is no "${name}" in extra_domains of recipe.yml: ${has}`);
}

/**
 * Runs a command in the container of one of the app's services. No shell takes part unless the command names one. An
 * exit code other than 0 fails the test. Tests in a recipe's own repository cannot call this.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { exec, test } from "cc-ci";
 *
 * test("the database has one user", async () => {
 *   const { stdout } = await exec("db", ["psql", "-tAc", "select count(*) from users"]);
 *   equal(stdout.trim(), "1");
 * });
 * ```
 */
export async function exec(
  service: string,
  argv: string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { anyExitCode = false, ...rest } = options;
  const result = await call("exec", { service, argv, ...rest }) as ExecResult;
  if (result.code === 0 || anyExitCode) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-5).join("\n");
  const how = `"${argv.slice(0, 3).join(" ")}" in service "${service}" ended with exit code ${result.code}`;
  throw new KitError("exec.failed", said === "" ? how : `${how}: ${said}`);
}

/**
 * A secret of this app, generated or declared in `secrets` of `recipe.yml`, by its name in `compose.yml`.
 *
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { fetch, secret, test } from "cc-ci";
 *
 * test("the generated token is accepted", async () => {
 *   const authorization = `Bearer ${await secret("api_token")}`;
 *   equal((await fetch("/me", { headers: { authorization } })).status, 200);
 * });
 * ```
 */
export async function secret(name: string): Promise<string> {
  return await call("secret", { name }) as string;
}
