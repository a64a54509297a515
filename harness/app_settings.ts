import { join } from "node:path";
import { parseAbraShExports, parseEnvSample } from "./compose.ts";
import type { Enrolment } from "./enrolment.ts";
import { setEnv } from "./env_file.ts";
import { extraDomain } from "./names.ts";

/** All domains of an app. */
export function domainsOf(domain: string, enrolment: Enrolment): string[] {
  return [domain, ...enrolment.extra_domains.map((name) => extraDomain(domain, name))];
}

/**
 * Settings every test app gets. LETS_ENCRYPT_ENV must be empty: a resolver named there would ask Let's Encrypt for
 * each throw-away name.
 */
export function appSettings(
  enrolment: Enrolment,
  about: { domain: string; timeoutS: number },
): Record<string, string> {
  const fill = (text: string) =>
    text.replaceAll("{domain}", about.domain)
      .replaceAll(/\{domain\.([a-z0-9-]+)\}/g, (_, name: string) => extraDomain(about.domain, name));
  return {
    DOMAIN: about.domain,
    LETS_ENCRYPT_ENV: "",
    TIMEOUT: String(about.timeoutS),
    ...Object.fromEntries(Object.entries(enrolment.env).map(([name, value]) => [name, fill(value)])),
  };
}

/** The environment a recipe's compose files will be interpolated with, worked out without abra. */
export async function composeEnvironment(
  checkout: string,
  about: { enrolment: Enrolment; domain: string; stack: string },
): Promise<Record<string, string>> {
  const read = (name: string) => Deno.readTextFile(join(checkout, name)).catch(() => "");
  const settings = setEnv(
    await read(".env.sample"),
    appSettings(about.enrolment, { domain: about.domain, timeoutS: 300 }),
  );
  return {
    ...parseEnvSample(settings),
    STACK_NAME: about.stack,
    ...parseAbraShExports(await read("abra.sh")),
  };
}
