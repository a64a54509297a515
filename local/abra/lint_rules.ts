import { interpolate } from "./compose.ts";
import type { Tag } from "./git.ts";
import { asObject } from "./schema.ts";

/** What abra's rules look at. */
export interface Subject {
  /** Each compose file's document. */
  files: Record<string, unknown>[];
  services: Record<string, Record<string, unknown>>;
  /** Settings of `.env.sample` and `abra.sh`. */
  env: Record<string, string>;
  /** What `abra.sh` exports. */
  exported: Record<string, string>;
  readme: string;
  tags: Tag[];
}

export interface LintRule {
  ref: string;
  rule: string;
  severity: "warn" | "error";
  holds(subject: Subject): boolean;
  help: string;
  /** Does not apply to this recipe. */
  skip?(subject: Subject): boolean;
}

/**
 * Rules of `abra recipe lint`, R001 to R015 as remembered from abra's source; what R016 of abra 0.13 asks is not
 * known. R006 and R013 ask Co-op Cloud's servers, where what is tested here need not be: they never hold. A rule that is
 * an error keeps abra from deploying a release; which ones are errors is remembered, too, except of R014.
 */
export const lintRules: LintRule[] = [
  {
    ref: "R001",
    rule: "compose config has expected version",
    severity: "warn",
    holds: ({ files }) => files.every(({ version }) => version === "3.8"),
    help: "ensure 'version: \"3.8\"' in compose configs",
  },
  {
    ref: "R002",
    rule: "healthcheck enabled for all services",
    severity: "warn",
    holds: ({ services }) =>
      Object.values(services).every(({ healthcheck }) =>
        healthcheck !== undefined && asObject(healthcheck)?.disable !== true
      ),
    help: "wire up healthchecks",
  },
  {
    ref: "R003",
    rule: "all images use a tag",
    severity: "warn",
    holds: (subject) => tagsOf(subject).every((tag) => tag !== undefined),
    help: "use a tag for all images",
  },
  {
    ref: "R004",
    rule: "no unstable tags",
    severity: "warn",
    holds: (subject) => tagsOf(subject).every((tag) => tag !== "latest"),
    help: "tag all images with stable tags",
  },
  {
    ref: "R005",
    rule: "tags use semver-like format",
    severity: "warn",
    holds: (subject) => tagsOf(subject).every((tag) => tag === undefined || /\d/.test(tag)),
    help: "use semver-like tags",
  },
  {
    ref: "R006",
    rule: "has published catalogue version",
    severity: "warn",
    holds: () => false,
    help: "publish a recipe version to the catalogue",
  },
  {
    ref: "R007",
    rule: "README metadata filled in",
    severity: "warn",
    holds: ({ readme }) => /\*\*Category\*\*:\s*\S/.test(readme),
    help: "fill out all the metadata",
  },
  {
    ref: "R008",
    rule: ".env.sample provided",
    severity: "error",
    holds: () => true, // without .env.sample the command ends before there is a table
    help: "create an example .env.sample",
  },
  {
    ref: "R009",
    rule: "one service named 'app'",
    severity: "error",
    holds: ({ services }) => Object.hasOwn(services, "app"),
    help: "name a service 'app'",
  },
  {
    ref: "R010",
    rule: "traefik routing enabled",
    severity: "error",
    // File by file: in a merge by whole sections an overlay's labels would hide those of compose.yml.
    holds: ({ files }) =>
      files.flatMap((file) => Object.values(asObject(file.services) ?? {})).some((service) =>
        labelsOf(asObject(service) ?? {})["traefik.enable"] === "true"
      ),
    help: 'include "traefik.enable=true" deploy label',
    skip: ({ env }) => !Object.hasOwn(env, "DOMAIN"),
  },
  {
    ref: "R011",
    rule: "all services have images",
    severity: "error",
    holds: ({ services }) =>
      Object.values(services).every(({ image }) => image !== undefined && image !== ""),
    help: 'ensure "image: ..." set on all services',
  },
  {
    ref: "R012",
    rule: "config version are vendored",
    severity: "error",
    holds: (subject) => configVersions(subject).every((name) => Object.hasOwn(subject.exported, name)),
    help: "vendor config versions in an abra.sh",
  },
  {
    ref: "R013",
    rule: "git.coopcloud.tech repo exists",
    severity: "warn",
    holds: () => false,
    help: "upload your recipe to git.coopcloud.tech",
  },
  {
    ref: "R014",
    rule: "only annotated tags used for recipe version",
    severity: "error",
    holds: ({ tags }) => tags.every(({ annotated }) => annotated),
    help: "replace lightweight tag with annotated tag",
  },
  {
    ref: "R015",
    rule: "long secret names",
    severity: "warn",
    holds: (subject) => secretNames(subject).every((name) => name.length <= 12),
    help: "reduce length of secret names to 12 characters",
    skip: (subject) => secretNames(subject).length === 0,
  },
];

/** Tags of all images; undefined for one without. */
function tagsOf({ services, env }: Subject): (string | undefined)[] {
  return Object.values(services).flatMap(({ image }) => {
    if (typeof image !== "string") return [];
    const name = interpolate(image, env).replace(/@sha256:.*$/, "");
    return [/:([^/:]+)$/.exec(name)?.[1]];
  });
}

function labelsOf(service: Record<string, unknown>): Record<string, string> {
  const labels = asObject(service.deploy)?.labels;
  const pairs = Array.isArray(labels)
    ? labels.map((label) => String(label).split(/=(.*)/s, 2))
    : Object.entries(asObject(labels) ?? {});
  return Object.fromEntries(pairs.map(([name, value]) => [String(name), String(value ?? "")]));
}

/** Variables in the names of configs, without that of the stack's name. */
function configVersions({ files }: Subject): string[] {
  return files.flatMap((file) => Object.values(asObject(file.configs) ?? {})).flatMap((config) =>
    [...String(asObject(config)?.name ?? "").matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? "")
  ).filter((name) => name !== "STACK_NAME");
}

function secretNames({ files }: Subject): string[] {
  return files.flatMap((file) => Object.keys(asObject(file.secrets) ?? {}));
}
