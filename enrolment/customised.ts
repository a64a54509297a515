import { join } from "node:path";
import { isRecord } from "../common/is_record.ts";
import { exists } from "../common/files.ts";
import type { Enrolment } from "./enrolment.ts";
import { recipeYml } from "./schema.ts";
import { looksSecret } from "./settle_values.ts";
import type { EnvSetting } from "./values_schema.ts";

/** Something that `recipe.yml` makes otherwise than it would be without. */
export interface Customisation {
  /** By its place: `env.MAIL_FROM`, `timeouts`. */
  key: string;
  /** What it says of that, without any secret. */
  said: string;
}

/** Says nothing of how an app is deployed and looked at. */
const elsewhere = ["recipe", "folder", "repo", "upstream", "public", "data", "expected_gaps"];
const SETUP = "setup.ts";
const HIDDEN = "•••";

/**
 * What an enrolment changes in how the recipe is deployed and looked at, the steps of `setup.ts` included. What writes
 * and reads data is not among it: that says how the recipe is tested, and changes nothing of it.
 */
export async function customisationsOf(enrolment: Enrolment): Promise<Customisation[]> {
  const { folder } = enrolment;
  const isSetUp = folder !== null && await exists(join(folder, SETUP));
  return [...saidOf(enrolment), ...(isSetUp ? [{ key: SETUP, said: "sets each new app up" }] : [])];
}

function saidOf(enrolment: Enrolment): Customisation[] {
  const usual = recipeYml.parse({ repo: "a/b" });
  return Object.entries({ ...usual, ...enrolment }).flatMap(([key, value]): Customisation[] => {
    if (elsewhere.includes(key)) return [];
    if (key === "env") return Object.entries(enrolment.env).map(([name, one]) => setting(name, one));
    if (key === "secrets") {
      return Object.entries(enrolment.secrets).map(([name, { length, charset, file }]) => ({
        key: `secrets.${name}`,
        said: length === undefined
          ? (file ?? "given")
          : `made up, ${length} characters (${charset ?? "alnum"})`,
      }));
    }
    if (key === "files") {
      return enrolment.files.map(({ volume, path }) => ({ key, said: `${path} in volume ${volume}` }));
    }
    const before = Object.entries(usual).find(([name]) => name === key)?.[1];
    return differences(key, { value, before });
  });
}

function setting(name: string, { value, generate, charset, only, if_file: file }: EnvSetting): Customisation {
  const text = generate !== undefined
    ? `made up, ${generate} characters (${charset ?? "alnum"})`
    : looksSecret(name)
    ? HIDDEN
    : value ?? "";
  const whose = only === undefined
    ? ""
    : ` (${only === "head" ? "commit under test" : "published version"} only)`;
  return { key: `env.${name}`, said: `${text}${file === undefined ? "" : ` (with ${file})`}${whose}` };
}

/** What differs from the usual, key by key. */
function differences(key: string, { value, before }: { value: unknown; before: unknown }): Customisation[] {
  if (JSON.stringify(value) === JSON.stringify(before)) return [];
  if (!isRecord(value)) return [{ key, said: said(value) }];
  return Object.entries(value).flatMap(([name, inner]) =>
    differences(`${key}.${name}`, { value: inner, before: isRecord(before) ? before[name] : undefined })
  );
}

function said(value: unknown): string {
  if (Array.isArray(value)) return value.map(said).join("; ");
  if (!isRecord(value)) return String(value);
  return Object.entries(value).map(([name, inner]) => `${name}: ${said(inner)}`).join(", ");
}
