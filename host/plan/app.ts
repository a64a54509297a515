import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { missingLines, setEnv } from "../../harness/recipe/env_file.ts";
import { stackOf } from "../../harness/run/names.ts";
import { HostError } from "../errors.ts";
import { differences } from "./differences.ts";
import type { SeenApp, Services } from "./seen.ts";
import { NOTHING, type Plan, type Step } from "./step.ts";

/** A secret of an app, whose version is named after its content, so that another content is another version. */
export interface WantedSecret {
  name: string;
  version: string;
  value: string;
}

/** An app of the host's own, as it should be. */
export interface WantedApp {
  recipe: string;
  domain: string;
  /** A published version; null: the one that it has or had when somebody removed it, and at first the newest. */
  version: string | null;
  /** Settings that are not those of the recipe's sample. */
  settings: Record<string, string>;
  secrets: WantedSecret[];
  /** Name of the secret by which its data opens: the data has to learn another one before the app gets it. */
  keyOfData?: string;
}

/** The version of a recipe that an app should have; null while the recipe is not there. */
export function wantedVersion(
  wanted: WantedApp,
  seen: Pick<SeenApp, "recipe" | "version" | "settings">,
): string | null {
  return wanted.version ?? seen.version ?? notedVersion(seen) ?? seen.recipe?.versions[0] ?? null;
}

/** The published version that abra has noted in an app's settings when it deployed or made the app, as "TYPE=recipe:version". */
function notedVersion({ settings, recipe }: Pick<SeenApp, "recipe" | "settings">): string | null {
  const { TYPE = "" } = toEnvironment(parseEnvFile(settings ?? ""));
  const noted = TYPE.slice(TYPE.indexOf(":") + 1);
  return recipe?.versions.includes(noted) ? noted : null;
}

/** The text of an app's settings as it should be, by what is there and by the recipe's sample. */
export function wantedSettings(
  wanted: WantedApp,
  { settings, sample }: Pick<SeenApp, "settings" | "sample">,
): string {
  const own = settings ?? "";
  const missing = missingLines(own, sample).map((line) => `${line}\n`).join("");
  const text = own === "" || own.endsWith("\n") ? own : `${own}\n`;
  // With a resolver named here the proxy would ask Let's Encrypt for a certificate.
  return setEnv(`${text}${missing}`, { DOMAIN: wanted.domain, LETS_ENCRYPT_ENV: "", ...wanted.settings });
}

/**
 * What makes an app what it should be. Secrets come before the settings that name them, and settings before the deploy;
 * what the services run with is compared with what recipe and settings come to, so that a deploy which did not happen
 * is made up for whenever that shows.
 * @param seen.model services that the recipe comes to with the wanted settings; null while that cannot be said
 */
export function planApp(wanted: WantedApp, seen: SeenApp & { model: Services | null }): Plan {
  const { recipe, domain } = wanted;
  const stack = stackOf(domain);
  const version = wantedVersion(wanted, seen);
  const steps: Step[] = [];
  const fetch = planRecipe(wanted, { recipe: seen.recipe, version });
  if (fetch instanceof HostError) return { ...NOTHING, blocked: fetch };
  steps.push(...fetch);
  if (seen.settings === null) {
    steps.push({
      action: { kind: "new-app", domain, recipe, version: version ?? "" },
      does: `Make the app "${domain}" of the recipe "${recipe}"`,
    });
  }
  const inserted = new Set(seen.secrets);
  for (const secret of wanted.secrets) {
    const name = `${stack}_${secret.name}_${secret.version}`;
    if (inserted.has(name)) continue;
    steps.push({
      action: { kind: "insert-secret", domain, ...secret },
      does: `Give Docker the secret "${secret.name}" of "${domain}" as ${secret.version}`,
    });
  }
  const text = wantedSettings(wanted, seen);
  if (text !== seen.settings) {
    const named = changedNames(text, seen.settings ?? "");
    steps.push({
      action: { kind: "write-settings", domain, text },
      does: `Write the settings of "${domain}"${named.length === 0 ? "" : `: ${named.join(", ")}`}`,
    });
  }
  const reasons = deployReasons(seen, version);
  if (reasons.length > 0) {
    const key = wanted.secrets.find(({ name }) => name === wanted.keyOfData);
    const newKey = key !== undefined && isReplaced(key, { stack, seen }) ? key.value : undefined;
    steps.push({
      action: { kind: "deploy", domain, version: version ?? "", ...(newKey === undefined ? {} : { newKey }) },
      does: `Deploy "${domain}": ${reasons[0]}${
        reasons.length > 1 ? `, and ${reasons.length - 1} more` : ""
      }`,
    });
  }
  if (reasons.length > 0 || seen.waitingFor !== null) {
    steps.push({
      action: { kind: "wait", stack },
      does: `Wait for "${domain}"${seen.waitingFor === null ? "" : `: ${seen.waitingFor}`}`,
    });
  }
  return { steps: [...steps, ...planOldSecrets(wanted, seen)], blocked: null };
}

function planRecipe(
  { recipe }: WantedApp,
  seen: { recipe: SeenApp["recipe"]; version: string | null },
): Step[] | HostError {
  const fetch: Step = {
    action: { kind: "fetch-recipe", recipe, version: seen.version },
    does: `Fetch the recipe "${recipe}"${seen.version === null ? "" : ` at ${seen.version}`}`,
  };
  if (seen.recipe === null) return [fetch];
  if (seen.recipe.versions.length === 0) {
    return new HostError("wrong", `The recipe "${recipe}" has no published version`, {
      hint: 'Look at the address in the setting "recipes".',
    });
  }
  return standsAt(seen.recipe, seen.version) ? [] : [fetch];
}

/** Whether a recipe's work tree is that of a version. */
export function standsAt(recipe: SeenApp["recipe"], version: string | null): boolean {
  return version !== null && (recipe?.at.includes(version) ?? false);
}

function deployReasons(seen: SeenApp & { model: Services | null }, version: string | null): string[] {
  if (Object.keys(seen.services).length === 0) return ["it is not deployed"];
  if (seen.version !== version) {
    return [`it is deployed as ${seen.version ?? "no version"}, and should be ${version ?? "one"}`];
  }
  return seen.model === null ? [] : differences(seen.model, seen.services);
}

/** Versions of secrets that nothing uses any more. A deploy that is to be undone would need them until it is done. */
function planOldSecrets(wanted: WantedApp, seen: SeenApp): Step[] {
  const stack = stackOf(wanted.domain);
  const old = seen.secrets.filter((name) =>
    wanted.secrets.some((secret) =>
      name.startsWith(`${stack}_${secret.name}_v`) && name !== `${stack}_${secret.name}_${secret.version}`
    )
  );
  return old.map((name) => ({
    action: { kind: "remove-secret", name },
    does: `Remove the secret "${name}", which was replaced`,
  }));
}

/** Whether the app runs with another version of a secret, or ran with one before it was removed. */
function isReplaced(
  { name, version }: WantedSecret,
  { stack, seen }: { stack: string; seen: SeenApp },
): boolean {
  return (seen.services.app?.secrets ?? seen.secrets).some((one) =>
    one.startsWith(`${stack}_${name}_v`) && one !== `${stack}_${name}_${version}`
  );
}

function changedNames(text: string, before: string): string[] {
  const lines = new Set(before.split("\n"));
  return text.split("\n").filter((line) => line !== "" && !lines.has(line))
    .map((line) => line.slice(0, line.indexOf("=")));
}
