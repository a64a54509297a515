import { type App, loadApp } from "../app.ts";
import { engine, secretIds } from "../engine.ts";
import { confirm, Fatal, print, say, table } from "../output.ts";
import { ensureRecipe } from "./app_backup.ts";
import { type AppSecret, generateValue, secretsOf } from "../secrets.ts";

export interface MadeSecret {
  name: string;
  value: string;
}

/** Makes values for all secrets of an app that may be generated and are not there yet, and stores them. */
export async function generateSecrets(
  app: App,
  only?: { name: string; version: string },
): Promise<MadeSecret[]> {
  const secrets = secretsOf(app).filter((secret) => only === undefined || secret.name === only.name);
  if (only !== undefined && secrets.length === 0) {
    throw new Fatal(`${only.name} doesn't exist in the env config?`);
  }
  const there = await secretIds();
  const made: MadeSecret[] = [];
  for (const secret of secrets.filter(({ generate }) => generate)) {
    const remoteName = only === undefined ? secret.remoteName : `${app.stack}_${only.name}_${only.version}`;
    if (there.has(remoteName)) {
      say("WARN", `${remoteName} already exists`);
      continue;
    }
    const value = generateValue(secret);
    await store(remoteName, value);
    made.push({ name: secret.name, value });
  }
  return made;
}

/**
 * `abra app secret generate DOMAIN [NAME VERSION] [--all] [-m]`. Ends with 1 if there was nothing to generate. Like a
 * deploy it moves the checkout to the app's version, and refuses one with changes, unless `-C`.
 */
export async function secretGenerate(
  [domain, name, version]: [domain: string, name?: string, version?: string],
  options: { all?: boolean; machine?: boolean; chaos?: boolean; offline: boolean },
): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  if (options.all && name !== undefined) throw new Fatal("cannot use [secret] [version] and --all together");
  if (!options.all && (name === undefined || version === undefined)) {
    throw new Fatal("missing arguments [secret]/[version] or '--all'");
  }
  const made = await generateSecrets(app, name === undefined ? undefined : { name, version: version ?? "" });
  if (made.length === 0) throw new Fatal("no secrets generated");
  if (options.machine) return print(JSON.stringify(made));
  print(table(["NAME", "VALUE"], made.map((secret) => [secret.name, secret.value])));
  say("WARN", "generated secrets are not shown again, please take note of them NOW");
}

/** `abra app secret insert DOMAIN NAME VERSION DATA [-f]`; with `-f` DATA names a file. */
export async function secretInsert(
  [domain, name, version, data]: [domain: string, name: string, version: string, data: string],
  options: { file?: boolean; trim?: boolean },
): Promise<void> {
  const app = loadApp(domain);
  let value = data;
  if (options.file) {
    try {
      value = Deno.readTextFileSync(data);
    } catch (cause) {
      throw new Fatal(`open ${data}: no such file or directory`, { cause });
    }
  }
  if (options.trim) value = value.trim();
  const remoteName = `${app.stack}_${name}_${version}`;
  await store(remoteName, value);
  say("INFO", `${remoteName} successfully stored on server`);
}

/** `abra app secret rm DOMAIN [NAME] [--all]`. Ends with 1 if nothing was there to remove. */
export async function secretRemove(
  [domain, name]: [domain: string, name?: string],
  options: { all?: boolean; ask: boolean },
): Promise<void> {
  const app = loadApp(domain);
  if (options.all && name !== undefined) throw new Fatal("cannot use [secret] and --all/-a together");
  if (!options.all && name === undefined) throw new Fatal("no secret(s) specified?");
  const there = await secretIds();
  const found = secretsOf(app).filter((secret) =>
    there.has(secret.remoteName) && (name === undefined || secret.name === name)
  );
  if (found.length === 0) {
    throw new Fatal(name === undefined ? "no secrets to remove?" : `${name} doesn't exist on server?`);
  }
  await confirm(`remove ${found.length} secret(s) of ${domain}?`, options);
  await removeAll(found, there);
}

/** `abra app secret ls DOMAIN [-m]`. */
export async function secretList(domain: string, options: { machine?: boolean }): Promise<void> {
  const there = await secretIds();
  const rows = secretsOf(loadApp(domain)).map((secret) => [
    secret.name,
    secret.version,
    secret.remoteName,
    String(there.has(secret.remoteName)),
  ]);
  const header = ["name", "version", "generated name", "created on server"];
  if (options.machine) {
    print(
      JSON.stringify(rows.map((row) => Object.fromEntries(header.map((key, column) => [key, row[column]])))),
    );
  } else print(table(header.map((title) => title.toUpperCase()), rows));
}

/** Removes those of the given secrets that exist. */
export async function removeAll(secrets: AppSecret[], there: Map<string, string>): Promise<void> {
  for (const { name, remoteName } of secrets) {
    const id = there.get(remoteName);
    if (id === undefined) continue;
    await engine(`/secrets/${id}`, { method: "DELETE" });
    say("INFO", `deleted ${name} successfully from server`);
  }
}

/** No labels: a stack's removal must not take secrets along. */
async function store(remoteName: string, value: string): Promise<void> {
  const data = btoa(String.fromCharCode(...new TextEncoder().encode(value)));
  await engine("/secrets/create", { method: "POST", body: { Name: remoteName, Data: data } });
}
