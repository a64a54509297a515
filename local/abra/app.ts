import { parseAbraSh } from "../../common/abra_sh.ts";
import { parseEnvFile, type Setting, toEnvironment } from "../../common/env_file.ts";
import { Fatal } from "./output.ts";
import { abraDir, type Recipe, recipeOf } from "./recipe.ts";

/** abra cuts stack names here, so two long domains can end on one name. */
const STACK_NAME_LENGTH = 45;

/** An app: one recipe under one domain, described by its `.env` and nothing else. */
export interface App {
  domain: string;
  server: string;
  envFile: string;
  settings: Setting[];
  recipe: Recipe;
  /** Version noted in `TYPE=`. */
  version: string | undefined;
  stack: string;
}

/** The names of servers this ABRA_DIR knows. */
export function servers(): string[] {
  return folders(`${abraDir()}/servers`, (entry) => entry.isDirectory || entry.isSymlink);
}

/** The domains of all apps on a server. */
export function domainsOn(server: string): string[] {
  return folders(`${abraDir()}/servers/${server}`, (entry) => entry.name.endsWith(".env"))
    .map((name) => name.slice(0, -".env".length));
}

/** @throws {Fatal} if no server has an app under this domain. */
export function loadApp(domain: string): App {
  for (const server of servers()) {
    if (domainsOn(server).includes(domain)) return readApp(domain, server);
  }
  throw new Fatal(`cannot find app with name ${domain}`);
}

export function readApp(domain: string, server: string): App {
  const envFile = `${abraDir()}/servers/${server}/${domain}.env`;
  const settings = parseEnvFile(Deno.readTextFileSync(envFile));
  const env = toEnvironment(settings);
  const type = env.TYPE || env.RECIPE;
  if (type === undefined) throw new Fatal(`${domain} is missing the TYPE env var?`);
  const { recipe, version } = splitType(type);
  return {
    domain,
    server,
    envFile,
    settings,
    recipe: recipeOf(recipe),
    version,
    stack: env.STACK_NAME || stackName(domain),
  };
}

/** Dots become underscores, hyphens stay, and what is longer than 45 characters is cut. */
export function stackName(domain: string): string {
  return domain.replaceAll(".", "_").slice(0, STACK_NAME_LENGTH);
}

/** What compose files are interpolated with: the app's settings, the stack's name, versions from `abra.sh`. */
export function environmentOf(app: App): Record<string, string> {
  let exported: Record<string, string> = {};
  try {
    exported = parseAbraSh(Deno.readTextFileSync(`${app.recipe.dir}/abra.sh`));
  } catch { /* a recipe need not have one */ }
  return { ...toEnvironment(app.settings), STACK_NAME: app.stack, ...exported };
}

/** Notes the deployed version in the app's `.env`. */
export function noteVersion(app: App, version: string): void {
  Deno.writeTextFileSync(app.envFile, writeVersion(Deno.readTextFileSync(app.envFile), version));
}

function folders(path: string, keep: (entry: Deno.DirEntry) => boolean): string[] {
  try {
    return [...Deno.readDirSync(path)].filter(keep).map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** `custom-html:1.1.0+1.22.1` of `TYPE=` (or `RECIPE=`) taken apart. */
export function splitType(type: string): { recipe: string; version: string | undefined } {
  const at = type.lastIndexOf(":");
  if (at < 0) return { recipe: type, version: undefined };
  return { recipe: type.slice(0, at), version: type.slice(at + 1) || undefined };
}

/** The same text with the version of its `TYPE=` or `RECIPE=` line replaced; other lines stay as they are. */
export function writeVersion(text: string, version: string): string {
  return text.replace(
    /^((?:TYPE|RECIPE)=["']?[^\s:"'#]+)(?::[^\s"'#]*)?/m,
    (_, start) => `${start}:${version}`,
  );
}
