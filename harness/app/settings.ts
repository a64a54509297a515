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

/**
 * Settings that every test app gets. LETS_ENCRYPT_ENV must be empty, because with a resolver named there Traefik would
 * ask Let's Encrypt for a certificate for each throw-away name.
 */
export function appSettings(
  enrolment: Enrolment,
  app: { domain: string; timeoutS: number },
): Record<string, string> {
  const fill = (text: string) =>
    text.replaceAll("{domain}", app.domain)
      .replaceAll(/\{domain\.([a-z0-9-]+)\}/g, (_, name: string) => extraDomain(app.domain, name));
  return {
    DOMAIN: app.domain,
    LETS_ENCRYPT_ENV: "",
    TIMEOUT: String(app.timeoutS),
    ...Object.fromEntries(Object.entries(enrolment.env).map(([name, value]) => [name, fill(value)])),
  };
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
  const values = appSettings(app.enrolment, { domain: app.domain, timeoutS: 300 });
  let settings = setEnv(readInside(installed, ".env.sample") ?? "", values);
  if (app.installedFrom !== undefined) {
    const added = missingLines(settings, readInside(root, ".env.sample") ?? "");
    settings = [settings.trimEnd(), ...added, ""].join("\n");
  }
  return {
    ...toEnvironment(parseEnvFile(settings)),
    STACK_NAME: app.stack,
    ...parseAbraSh(readInside(root, "abra.sh") ?? ""),
  };
}
