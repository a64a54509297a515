import { join } from "node:path";
// @ts-types="@types/semver/functions/satisfies"
import satisfies from "semver/functions/satisfies.js";
import { stringify } from "yaml";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { removeTree } from "../../common/files.ts";
import { formatSeconds } from "../../common/time.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { Compose } from "../recipe/compose.ts";
import { asMap, composeServices } from "../recipe/compose_services.ts";
import { parseDuration } from "../recipe/compose_values.ts";
import { setEnv } from "../recipe/env_file.ts";
import type { PublishedVersion } from "../recipe/versions.ts";

/** A compose file of ours that is laid over the recipe's own, beside them. */
export const OVERRIDE_FILE = "cc-ci.override.yml";

/** What `recipe.yml` changes in the compose files of a version. */
export interface Override {
  /** Text of the compose file that does it. */
  text: string;
  /** Places in `recipe.yml` that apply, such as `grace.db` or `base.repair.0`. */
  applied: string[];
  /** What it changes, a sentence each. */
  told: string[];
  /** Services of a published version with the image that they have by themselves. */
  repaired: { service: string; image: string }[];
}

/**
 * What `grace` and `base.repair` of `recipe.yml` change for a version; null: nothing.
 * @param of.compose the version's own compose files
 */
export function overrideOf(
  { grace, base }: Pick<Enrolment, "grace" | "base">,
  { compose, at }: { compose: Compose; at: "head" | PublishedVersion },
): Override | null {
  const own = composeServices(compose);
  const changes: Record<string, Record<string, unknown>> = {};
  const override: Override = { text: "", applied: [], told: [], repaired: [] };
  for (const [service, seconds] of Object.entries(grace)) {
    const check = asMap(own[service]?.healthcheck);
    const given = parseDuration(check.start_period) ?? 0;
    if (own[service] === undefined || check.disable === true || given >= seconds) continue;
    changes[service] = { healthcheck: { start_period: `${seconds}s` } };
    override.applied.push(`grace.${service}`);
    override.told.push(
      `Service "${service}" has ${
        formatSeconds(1000 * seconds)
      } to start, by grace in recipe.yml; the recipe gives it ${formatSeconds(1000 * given)}`,
    );
  }
  const repairs = at === "head"
    ? []
    : base.repair.map((one, index) => ({ ...one, index })).filter(({ service, versions }) =>
      own[service] !== undefined && isWithin(at.version, versions)
    );
  for (const { service, image, index } of repairs) {
    const was = String(own[service]?.image ?? "");
    changes[service] = { ...changes[service], image };
    override.applied.push(`base.repair.${index}`);
    override.repaired.push({ service, image: was });
    override.told.push(`Service "${service}" of the published version runs "${image}" instead of "${was}"`);
  }
  if (Object.keys(changes).length === 0) return null;
  // Docker lays no files over each other that state different versions of its format.
  const version = compose.files[0]?.doc.version;
  const doc = { ...(version === undefined ? {} : { version: String(version) }), services: changes };
  return { ...override, text: stringify(doc, { defaultStringType: "QUOTE_DOUBLE" }) };
}

function isWithin(version: string, range: string): boolean {
  return satisfies(version.split("+")[0] ?? "", range, { loose: true, includePrerelease: true });
}

/** Puts the file into a checkout, in the place of whatever the recipe has there. */
export async function layDown(checkout: string, { text }: Override): Promise<void> {
  await liftUp(checkout);
  await Deno.writeTextFile(join(checkout, OVERRIDE_FILE), text, { createNew: true }); // follows no link
}

/** Takes it away again. */
export async function liftUp(checkout: string): Promise<void> {
  await removeTree(join(checkout, OVERRIDE_FILE));
}

/** What `COMPOSE_FILE` has to say where the file is laid over the recipe's own, and where it is not. */
export function composeFileWith(said: string, override: Override | null): string {
  const names = said.split(":").filter((name) => name !== "" && name !== OVERRIDE_FILE);
  if (override === null) return names.join(":");
  return [...(names.length === 0 ? ["compose.yml"] : names), OVERRIDE_FILE].join(":");
}

/** An app's settings with the file switched on, or off. */
export function settingsWith(settings: string, override: Override | null): string {
  const said = toEnvironment(parseEnvFile(settings)).COMPOSE_FILE ?? "";
  const wanted = composeFileWith(said, override);
  return wanted === said ? settings : setEnv(settings, { COMPOSE_FILE: wanted });
}
