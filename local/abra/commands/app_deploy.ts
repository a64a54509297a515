import { lookup } from "node:dns/promises";
import { toEnvironment } from "../../../common/env_file.ts";
import { type App, loadApp, noteVersion } from "../app.ts";
import { waitForConvergence } from "../converge.ts";
import { deployStack, ensureSecrets } from "../deploy.ts";
import { servicesOf } from "../engine.ts";
import { chaosVersion } from "../git.ts";
import { ensureLint } from "../lint.ts";
import { confirm, Fatal, say } from "../output.ts";
import { ensureClean, ensureClone, moveCheckout, update } from "../recipe.ts";
import { runFunction } from "./app_run.ts";

export interface DeployOptions {
  chaos?: boolean;
  force?: boolean;
  ignoreEnvVersion?: boolean;
  domainChecks: boolean;
  convergeChecks: boolean;
  offline: boolean;
  ask: boolean;
}

/**
 * `abra app deploy DOMAIN [VERSION]`. With `-C` the checkout is deployed as it stands: no fetch, no check-out, dirty or
 * not. Without it the tree must be clean and is moved to the version wanted: the argument, else the one in the `.env`,
 * else the newest release, else the newest commit, and the rules of lint that are errors have to hold. Unless `-c` says
 * not to wait, commands of POST_DEPLOY_CMDS follow.
 */
export async function appDeploy(
  domain: string,
  argument: string | undefined,
  options: DeployOptions,
): Promise<void> {
  const { chaos = false, offline } = options;
  const app = loadApp(domain);
  if (chaos && argument !== undefined) throw new Fatal("cannot use [version] and --chaos together");
  await ensureClone(app.recipe, { offline });
  let version: string | undefined;
  if (!chaos) {
    await ensureClean(app.recipe);
    if (!offline) await update(app.recipe);
    const noted = options.ignoreEnvVersion ? undefined : app.version;
    version = await moveCheckout(app.recipe, argument ?? noted);
    await ensureLint(app.recipe);
  }
  const commit = await chaosVersion(app.recipe.dir);
  if ((await servicesOf(app.stack)).length > 0 && !chaos && !options.force) {
    throw new Fatal(`${domain} is already deployed`);
  }
  await ensureSecrets(app);
  if (options.domainChecks) await ensureResolves(domain);
  const shown = version ?? commit;
  say(
    "INFO",
    `deploy overview: ${domain}, recipe ${app.recipe.name}, ${chaos ? "chaos" : "version"} ${shown}`,
  );
  await confirm("proceed with deployment?", options);

  const since = Date.now();
  await deployStack(app, { version, chaosVersion: chaos ? commit : undefined });
  noteVersion(app, shown);
  if (!options.convergeChecks) return say("WARN", "skipping converge checks");
  await waitForConvergence(app.stack, { since });
  await runCommands(loadApp(domain), "POST_DEPLOY_CMDS");
}

/**
 * Runs what a setting says, `<service> <function> <arguments>|…`: functions of `abra.sh` in the services' containers.
 * @throws {Fatal} for the first that fails
 */
async function runCommands(app: App, setting: string): Promise<void> {
  const commands = (toEnvironment(app.settings)[setting] ?? "").split("|").map((one) => one.trim());
  for (const command of commands.filter((one) => one !== "")) {
    const [service = "", name, ...args] = command.split(/\s+/);
    if (name === undefined) throw new Fatal(`not enough arguments: ${command}`);
    say("INFO", `running post-command '${[name, ...args].join(" ")}' in container ${service}`);
    await runFunction(app, [service, name, ...args], { tty: Deno.stdin.isTerminal() });
  }
}

async function ensureResolves(domain: string): Promise<void> {
  try {
    await lookup(domain, { family: 4 });
  } catch (cause) {
    throw new Fatal(`unable to resolve ipv4 address for ${domain}?`, { cause });
  }
}
