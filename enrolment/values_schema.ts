import * as z from "zod";
import { unwritable } from "../common/env_value.ts";
import { HOST, isCommands, servicesOfCommands } from "../common/recipe_commands.ts";
import { steersDeploys } from "../common/steering.ts";
import { neededIn } from "./needs_schema.ts";

/** Text, also where YAML takes it for a number or a truth value. */
const written = [z.string(), z.number(), z.boolean()] as const;
const scalar = z.union(written).transform(String);

/** Of which characters a value is made. */
const charset = z.enum(["alnum", "hex", "special"]);
export type Charset = z.infer<typeof charset>;

const length = z.number().int().min(1).max(1024);

/** Docker takes no larger secret. */
export const MOST_SECRET_BYTES = 500 * 1024;

const secret = z.strictObject({
  value: scalar.optional().describe(
    "The secret itself, in which `{needs.<recipe>.<name>}` stands for what a provider hands over",
  ).meta({ examples: ["not-so-secret"] }),
  length: length.optional().describe("How many characters are made up for it, anew in each run")
    .meta({ examples: [32] }),
  charset: charset.optional()
    .describe("Of which characters these are: letters and digits (`alnum`) without it")
    .meta({ examples: ["hex"] }),
  file: z.string().min(1).optional().describe(
    "A file beside `recipe.yml` that holds it, byte by byte: a line break at its end is part of it",
  )
    .meta({ examples: ["signing-key.pem"] }),
}).superRefine(({ value, length, charset, file }, context) => {
  if (value === "") context.addIssue("must not be empty");
  if (value !== undefined && new TextEncoder().encode(value).length > MOST_SECRET_BYTES) {
    context.addIssue(
      `must not hold more than ${MOST_SECRET_BYTES / 1024} KiB, which is all that Docker takes`,
    );
  }
  if ([value, length, file].filter((one) => one !== undefined).length !== 1) {
    context.addIssue('must say one of "value", "length" and "file"');
  } else if (charset !== undefined && length === undefined) {
    context.addIssue('says "charset", which goes with "length" only');
  }
});

/** `secrets`: by their names in `compose.yml`. */
export const secrets = z.record(
  z.string().regex(/^[A-Za-z0-9][\w.-]*$/, "must be a secret's name"),
  secret,
).default({}).describe(
  "Secrets that abra cannot generate, or should not, by their names in `compose.yml`. Never one that is in use anywhere, as all can read this repository",
).meta({
  examples: [{ smtp_password: { value: "unused" }, jwt_key: { file: "signing-key.pem" } }],
});

const drawn = z.strictObject({
  value: scalar.optional().describe("The setting itself").meta({ examples: ["https://{domain}"] }),
  generate: length.optional()
    .describe("How many characters are made up for it, once a run; nobody gets to see them")
    .meta({ examples: [64] }),
  charset: charset.optional()
    .describe("Of which characters these are: letters and digits (`alnum`) without it")
    .meta({ examples: ["hex"] }),
  only: z.enum(["head", "base"]).optional().describe(
    "The setting is for the commit under test (`head`) or for the published version (`base`) alone",
  ).meta({ examples: ["head"] }),
  if_file: z.string().min(1).optional()
    .describe("The setting is for versions of the recipe that have this file")
    .meta({ examples: ["compose.smtp.yml"] }),
}).superRefine(({ value, generate, charset }, context) => {
  if ([value, generate].filter((one) => one !== undefined).length !== 1) {
    context.addIssue('must say one of "value" and "generate"');
  } else if (charset !== undefined && generate === undefined) {
    context.addIssue('says "charset", which goes with "generate" only');
  }
});
export type EnvSetting = z.infer<typeof drawn>;

/** Settings that a run gives each app itself: with others it would deploy, or leave behind, something else. */
const ofTheRun: Readonly<Record<string, string>> = {
  DOMAIN: 'belongs to the run, which gives each app a domain: "{domain}" stands for it in values',
  STACK_NAME: "belongs to the run, which gives each app a stack of its own: leave it out",
  TYPE: "belongs to the run, which deploys the recipe under test: leave it out",
  RECIPE: "belongs to the run, which deploys the recipe under test: leave it out",
  LETS_ENCRYPT_ENV:
    "belongs to the run, which leaves it empty so that no certificate is asked for: leave it out",
};

/** Why `env` may not set something, as the rest of a sentence; null: it may. */
function notOurs(name: string): string | null {
  if (Object.hasOwn(ofTheRun, name)) return ofTheRun[name] ?? null;
  return steersDeploys(name)
    ? "belongs to the host that deploys, whose programs it steers: leave it out"
    : null;
}

/** `env`: by the names of the settings. */
export const env = z.record(
  z.string().regex(/^[A-Za-z_]\w*$/, "must be a setting's name").superRefine((name, context) => {
    const problem = notOurs(name);
    if (problem !== null) context.addIssue(problem);
  }),
  z.union([...written, drawn]).transform((said): EnvSetting =>
    typeof said === "object" ? said : { value: String(said) }
  ),
).default({}).describe(
  "Settings for the app's `.env`, a single line each, as it is written: `022` and `1.10` stay so without quotes. `{domain}` and `{domain.<name>}` stand for the app's domains, `{needs.<recipe>.<name>}` for what a provider hands over, except its `ca`. Not for `DOMAIN`, `STACK_NAME`, `TYPE`, `RECIPE` and `LETS_ENCRYPT_ENV`, which belong to the run",
).meta({
  examples: [{
    MAIL_FROM: "ci@{domain}",
    COMPOSE_FILE: { value: "compose.yml:compose.smtp.yml", if_file: "compose.smtp.yml" },
    SECRET_KEY_BASE: { generate: 64 },
  }],
});

/** Characters of a value of `env`: with its name and what stands behind it, its line is short enough to be read. */
const MOST = 3_500;

/** What keeps a value of `env` out of a `.env`, as the rest of a sentence; null: nothing does. */
export function unheld(value: string): string | null {
  return unwritable(value) ?? (value.length > MOST ? `must not be longer than ${MOST} characters` : null);
}

/** What of a setting of `env` no `.env` can hold, or may not, each as the rest of a sentence. */
export function wrongSetting(name: string, value: string): string[] {
  const problem = value.endsWith("\n") && unheld(value.trimEnd()) === null
    ? 'ends with a line break, which no env file can hold: write "|-" for "|", and ">-" for ">"'
    : unheld(value);
  const certificates = neededIn(value).filter((one) => one.name === "ca").map(({ recipe }) =>
    `has "{needs.${recipe}.ca}", a certificate of several lines, which no env file can hold: "secrets" can`
  );
  const onHost = isCommands(name) && servicesOfCommands(value).includes(HOST)
    ? [`names "${HOST}", which abra takes for the host that deploys, and for no service`]
    : [];
  return [...problem === null ? [] : [problem], ...certificates, ...onHost];
}
