import { type App, environmentOf, loadApp } from "../app.ts";
import { containerOf, docker, dockerAttached, servicesOf } from "../engine.ts";
import { Fatal, say } from "../output.ts";
import { ensureRecipe } from "./app_backup.ts";

export interface RunOptions {
  /** False with `-t`/`-T`: no terminal in the container. */
  tty: boolean;
  user?: string;
}

/** `abra app run DOMAIN SERVICE CMD…`: a command in a service's container, with a terminal unless `-t`. */
export async function appRun(
  [domain, service, ...command]: [domain: string, service: string, ...command: string[]],
  options: RunOptions,
): Promise<void> {
  const app = loadApp(domain);
  if (command.length === 0) throw new Fatal("requires at least 3 arg(s), only received 2");
  await inContainer(await running(app, service), { ...options, command });
}

export interface CmdOptions extends RunOptions {
  local?: boolean;
  chaos?: boolean;
  offline: boolean;
}

/**
 * `abra app cmd DOMAIN SERVICE FUNCTION [-- ARGS]`: a function of the recipe's `abra.sh` in a service's container, to
 * which the file is copied; with `--local` (and no SERVICE) on this machine.
 */
export async function appCmd(
  [domain, ...words]: [domain: string, ...words: string[]],
  options: CmdOptions,
): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  await runFunction(app, options.local ? ["local", ...words] : words, options);
}

/** Runs a function of the recipe's `abra.sh`. @throws {Fatal} when there is none of that name, and when it fails */
export async function runFunction(
  app: App,
  [service, name, ...args]: string[],
  options: RunOptions & { local?: boolean },
): Promise<void> {
  const script = `${app.recipe.dir}/abra.sh`;
  if (service === undefined || name === undefined) {
    throw new Fatal("missing <service>/<command>? did you mean to pass --local?");
  }
  let text: string;
  try {
    text = Deno.readTextFileSync(script);
  } catch (cause) {
    throw new Fatal(`${script} does not exist?`, { cause });
  }
  const functions = [...text.matchAll(/^(?:function\s+)?([A-Za-z_][\w-]*)\s*\(\)/gm)].map(([, found]) =>
    found
  );
  if (!functions.includes(name)) throw new Fatal(`${app.recipe.name} doesn't have a ${name} function`);
  const env = { ...environmentOf(app), TARGET: service, APP_NAME: app.domain, STACK_NAME: app.stack };
  if (options.local) return await onThisMachine([script, name, ...args], env);
  const container = await running(app, service);
  const copied = await docker(["cp", script, `${container}:/tmp/abra.sh`]);
  if (!copied.success) throw new Fatal(copied.stderr.trim());
  say("INFO", `running ${name} on ${service}`);
  await inContainer(container, { ...options, env, command: sourced(["/tmp/abra.sh", name, ...args]) });
}

/** Shell that reads a file and calls one of its functions. */
function sourced([script, ...call]: [script: string, ...call: string[]]): string[] {
  const text = 'file=$1; shift; . "$file"; "$@"';
  const shell = 'command -v bash >/dev/null && exec bash -c "$@"; exec sh -c "$@"';
  return ["sh", "-c", shell, "abra", text, "abra", script, ...call];
}

async function onThisMachine(
  call: [script: string, ...call: string[]],
  env: Record<string, string>,
): Promise<void> {
  const [program = "sh", ...args] = sourced(call);
  const { code } = await new Deno.Command(program, { args, env }).spawn().status;
  if (code !== 0) throw new Fatal(`exit status ${code}`);
}

async function running(app: App, service: string): Promise<string> {
  const name = `${app.stack}_${service}`;
  if ((await servicesOf(app.stack)).every(({ Spec }) => Spec.Name !== name)) {
    throw new Fatal(`no containers matching the ${name} filter found?`);
  }
  return await containerOf(name);
}

async function inContainer(
  container: string,
  options: RunOptions & { command: string[]; env?: Record<string, string> },
): Promise<void> {
  if (options.tty && !Deno.stdin.isTerminal()) throw new Fatal("the input device is not a TTY");
  const variables = Object.entries(options.env ?? {}).flatMap((
    [name, value],
  ) => ["--env", `${name}=${value}`]);
  const code = await dockerAttached([
    "exec",
    "--interactive",
    ...(options.tty ? ["--tty"] : []),
    ...(options.user === undefined ? [] : ["--user", options.user]),
    ...variables,
    container,
    ...options.command,
  ]);
  if (code !== 0) throw new Fatal(`Status: , Code: ${code}`);
}
