import { parseAbraSh } from "../../common/abra_sh.ts";
import { assignedName, parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { fillBraces } from "../../enrolment/placeholders.ts";
import { assignedNames, missingLines, setEnv } from "../recipe/env_file.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import type { RunPlan } from "../run/folder.ts";
import { extraDomain } from "../run/names.ts";

/** All domains of an app: its own and those of `extra_domains`. */
export function domainsOf(domain: string, enrolment: Enrolment): string[] {
  return [domain, ...enrolment.extra_domains.map((name) => extraDomain(domain, name))];
}

/** Domains of everything that a run deploys: of its apps, and of the providers that these need. */
export function domainsOfRun(
  { apps, providers }: Pick<RunPlan, "apps" | "providers">,
  enrolment: Enrolment,
): string[] {
  return [
    ...apps.flatMap(({ domain }) => domainsOf(domain, enrolment)),
    ...providers.flatMap(({ domains }) => domains),
  ];
}

/** Seconds that abra may wait for a deploy: only labels of recipes hold it, since it is told not to wait. */
const TIMEOUT_S = 300;

/** A version of the recipe for which settings are made. */
export interface Version {
  /** Real path of its checkout. */
  root: string;
  /** Whether it is the commit under test or the published version. */
  at: "head" | "base";
}

/** A text of `recipe.yml` with the app's domains in their places. */
export function withDomains(text: string, domain: string): string {
  return fillBraces(text, (word) => {
    if (word === "domain") return domain;
    const [, name] = /^domain\.([a-z0-9-]+)$/.exec(word) ?? [];
    return name === undefined ? undefined : extraDomain(domain, name);
  });
}

/** What `recipe.yml` sets for a version: what is meant for another one, or for files that it lacks, is left out. */
export function ownSettings(
  enrolment: Enrolment,
  { domain, at, root }: Version & { domain: string },
): Record<string, string> {
  const has = (file: string) => readInside(root, file) !== null;
  const own: Record<string, string> = {};
  for (const [name, { value = "", only, if_file: file }] of Object.entries(enrolment.env)) {
    if ((only !== undefined && only !== at) || (file !== undefined && !has(file))) continue;
    const files = name === "COMPOSE_FILE" ? value.split(":").filter(has) : null;
    if (files?.length === 0) continue;
    own[name] = withDomains(files?.join(":") ?? value, domain);
  }
  return own;
}

/**
 * Settings that every test app gets. LETS_ENCRYPT_ENV must be empty, because with a resolver named there Traefik would
 * ask Let's Encrypt for a certificate for each throw-away name.
 */
export function appSettings(
  enrolment: Enrolment,
  app: Version & { domain: string },
): Record<string, string> {
  return {
    DOMAIN: app.domain,
    LETS_ENCRYPT_ENV: "",
    TIMEOUT: String(TIMEOUT_S),
    ...ownSettings(enrolment, app),
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
 * @param app.noted what abra wrote: the version behind the recipe's name is taken from there, and nothing else
 */
export function newSettings(
  version: Version,
  { enrolment, domain, noted = "" }: { enrolment: Enrolment; domain: string; noted?: string },
): string {
  const { recipe } = enrolment;
  const sample = sampleOf(version.root).replaceAll(`${recipe}.example.com`, domain);
  const versions = Object.entries(toEnvironment(parseEnvFile(noted)))
    .filter(([name, value]) => /^(TYPE|RECIPE)$/.test(name) && value.startsWith(`${recipe}:`));
  const values = { ...appSettings(enrolment, { domain, ...version }), ...Object.fromEntries(versions) };
  return settle(sample, { recipe, values });
}

/**
 * The settings of an app of the published version once it is to run the head: as they were, with what the head's sample
 * has and they lack. What `recipe.yml` sets for one of the two versions is switched on, or gets the value of the head's
 * sample again.
 * @param app.own what `recipe.yml` set for the published version
 * @param app.root of the head
 * @returns also the names of those that the head's sample has brought
 */
export function upgradedSettings(
  text: string,
  app: { enrolment: Enrolment; domain: string; own: Readonly<Record<string, string>>; root: string },
): { text: string; added: string[] } {
  const { enrolment, domain, own, root } = app;
  const { recipe } = enrolment;
  const version: Version = { at: "head", root };
  const lines = missingLines(text, sampleOf(root));
  const now = ownSettings(enrolment, { domain, ...version });
  const fresh = toEnvironment(parseEnvFile(newSettings(version, { enrolment, domain })));
  const changed = [...new Set([...Object.keys(own), ...Object.keys(now)])]
    .filter((name) => own[name] !== now[name]);
  const gone = changed.filter((name) => fresh[name] === undefined);
  const values = Object.fromEntries(
    changed.flatMap((name) => fresh[name] === undefined ? [] : [[name, fresh[name]]]),
  );
  const whole = settle([text.trimEnd(), ...lines, ""].join("\n"), { recipe, values });
  const kept = whole.split("\n").filter((line) => !gone.includes(assignedName(line) ?? ""));
  return { text: kept.join("\n"), added: assignedNames(lines.join("\n")) };
}

function sampleOf(root: string): string {
  return readInside(root, ".env.sample") ?? "";
}

/** The environment that a recipe's compose files are interpolated with. @param text the app's settings */
export function environmentOf(
  text: string,
  { root, stack }: { root: string; stack: string },
): Record<string, string> {
  return {
    ...toEnvironment(parseEnvFile(text)),
    STACK_NAME: stack,
    ...parseAbraSh(readInside(root, "abra.sh") ?? ""),
  };
}

/**
 * Works out, without abra, the environment that a recipe's compose files will be interpolated with.
 * @param app.at which version lies in the checkout
 * @param app.installedFrom folder of an older version. The app then keeps the settings of that version and gets only
 * those added that it lacks, as after an upgrade
 */
export async function composeEnvironment(
  checkout: string,
  app: {
    enrolment: Enrolment;
    domain: string;
    stack: string;
    at?: Version["at"];
    installedFrom?: string;
  },
): Promise<Record<string, string>> {
  const { stack, at = "head" } = app;
  const root = await Deno.realPath(checkout);
  if (app.installedFrom === undefined) return environmentOf(newSettings({ root, at }, app), { root, stack });
  const base: Version = { root: await Deno.realPath(app.installedFrom), at: "base" };
  const own = ownSettings(app.enrolment, { domain: app.domain, ...base });
  const { text } = upgradedSettings(newSettings(base, app), { ...app, own, root });
  return environmentOf(text, { root, stack });
}
