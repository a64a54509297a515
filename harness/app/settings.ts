import { parseAbraSh } from "../../common/abra_sh.ts";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { missingLines, setEnv } from "../recipe/env_file.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { extraDomain } from "../run/names.ts";

/** All domains of an app: its own and those of `extra_domains`. */
export function domainsOf(domain: string, enrolment: Enrolment): string[] {
  return [domain, ...enrolment.extra_domains.map((name) => extraDomain(domain, name))];
}

/** Seconds that abra may wait for a deploy: only labels of recipes hold it, since it is told not to wait. */
const TIMEOUT_S = 300;

/**
 * Settings that every test app gets. LETS_ENCRYPT_ENV must be empty, because with a resolver named there Traefik would
 * ask Let's Encrypt for a certificate for each throw-away name.
 */
export function appSettings(
  enrolment: Enrolment,
  app: { domain: string },
): Record<string, string> {
  const fill = (text: string) =>
    text.replaceAll("{domain}", app.domain)
      .replaceAll(/\{domain\.([a-z0-9-]+)\}/g, (_, name: string) => extraDomain(app.domain, name));
  return {
    DOMAIN: app.domain,
    LETS_ENCRYPT_ENV: "",
    TIMEOUT: String(TIMEOUT_S),
    ...Object.fromEntries(Object.entries(enrolment.env).map(([name, value]) => [name, fill(value)])),
  };
}

/**
 * An app's settings with some of them set, for the recipe under test whatever its sample says. abra takes an app for
 * one of the recipe that `TYPE` or `RECIPE` names (`git.example.org/people/thing` too), and would clone and deploy that.
 * The version that abra notes behind the name stays.
 */
export function settle(
  text: string,
  { recipe, values = {} }: { recipe: string; values?: Readonly<Record<string, string>> },
): string {
  const named = Object.entries(toEnvironment(parseEnvFile(text)))
    .filter(([name, value]) => /^(TYPE|RECIPE)$/.test(name) && value.split(":")[0] !== recipe);
  return setEnv(text, { ...Object.fromEntries(named.map(([name]) => [name, recipe])), ...values });
}

/**
 * The settings of a new app, by the recipe's sample: in it abra puts the app's domain in the place of the example's.
 * @param root real path of the recipe's folder
 * @param app.noted what abra wrote: the version behind the recipe's name is taken from there, and nothing else
 */
export function newSettings(
  root: string,
  { enrolment, domain, noted = "" }: { enrolment: Enrolment; domain: string; noted?: string },
): string {
  const { recipe } = enrolment;
  const sample = (readInside(root, ".env.sample") ?? "").replaceAll(`${recipe}.example.com`, domain);
  const versions = Object.entries(toEnvironment(parseEnvFile(noted)))
    .filter(([name, value]) => /^(TYPE|RECIPE)$/.test(name) && value.startsWith(`${recipe}:`));
  const values = { ...appSettings(enrolment, { domain }), ...Object.fromEntries(versions) };
  return settle(sample, { recipe, values });
}

/**
 * Works out, without abra, the environment that a recipe's compose files will be interpolated with.
 * @param app.installedFrom folder of an older version. The app then keeps the settings of that version and gets only
 * those added that it lacks, as after an upgrade
 */
export async function composeEnvironment(
  checkout: string,
  app: { enrolment: Enrolment; domain: string; stack: string; installedFrom?: string },
): Promise<Record<string, string>> {
  const root = await Deno.realPath(checkout);
  const installed = app.installedFrom === undefined ? root : await Deno.realPath(app.installedFrom);
  const { recipe } = app.enrolment;
  let settings = newSettings(installed, app);
  if (app.installedFrom !== undefined) {
    const added = missingLines(settings, readInside(root, ".env.sample") ?? "");
    settings = settle([settings.trimEnd(), ...added, ""].join("\n"), { recipe });
  }
  return {
    ...toEnvironment(parseEnvFile(settings)),
    STACK_NAME: app.stack,
    ...parseAbraSh(readInside(root, "abra.sh") ?? ""),
  };
}
