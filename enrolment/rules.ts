import { probablyMeant } from "../common/spelling.ts";

/** The rules that `exceptions` may name. Rows of `abra recipe lint` (`abra.R014`) are rules as well, and abra's own. */
export const PERMITTABLE_RULES: readonly string[] = [
  "confine.alias",
  "confine.bind",
  "confine.capability",
  "confine.device",
  "confine.driver",
  "confine.environment",
  "confine.external",
  "confine.file",
  "confine.host-network",
  "confine.image",
  "confine.label",
  "confine.limit",
  "confine.logging",
  "confine.name",
  "confine.namespace",
  "confine.port",
  "confine.privileged",
  "confine.router",
  "confine.router-name",
  "confine.security-opt",
  "confine.socket",
  "confine.symlink",
  "confine.sysctl",
  "confine.template",
  "confine.unknown-key",
  "lint.annotated-tag",
  "lint.app-service",
  "lint.backup-labels",
  "lint.config-export",
  "lint.config-version",
  "lint.env-sample",
  "lint.hook-pipe",
  "lint.image",
  "lint.image-tag",
  "lint.merged-ports",
  "lint.name-length",
  "lint.routing-labels",
  "lint.secret-sample",
  "lint.typed-value",
  "lint.variable-unset",
  "abra.lint",
  "enrolment.merged-ports",
  "tests.import",
  "tests.name",
  "tests.none",
  "tests.syntax",
  "tests.types",
];

/** The rules that hold whatever `exceptions` say: a recipe that breaks one cannot be read, or not be judged. */
export const FIRM_RULES: readonly string[] = [
  "confine.checkout",
  "confine.compose-file",
  "confine.engine",
  "confine.reading",
  "enrolment.names",
  "enrolment.value",
  "parse.docker",
  "parse.missing",
  "parse.shape",
  "parse.syntax",
  "parse.variables",
];

const ABRA_ROW = /^abra\.R\d{3}$/;

/** What is wrong with an entry of `exceptions`, as the rest of a sentence; null: nothing is. */
export function wrongException(said: string): string | null {
  const [rule = ""] = /^[^=:\s]*/.exec(said) ?? [];
  const rest = said.slice(rule.length);
  if (FIRM_RULES.includes(rule)) return `names "${rule}", which no exception permits`;
  if (!PERMITTABLE_RULES.includes(rule) && !ABRA_ROW.test(rule)) {
    const near = nearestRule(rule);
    const help = near === null ? "docs/recipes.md lists them" : `probably meant as "${near}${rest}"`;
    return `names "${rule}", which is none of the rules: ${help}`;
  }
  if (rest === "" || /^=\S/.test(rest)) return null;
  const subject = rest.replace(/^[=:\s]+/, "");
  return `must be a rule alone, or a rule, "=" and what is permitted, probably meant as "${rule}${
    subject === "" ? "" : `=${subject}`
  }"`;
}

/** The rule that was probably meant: one that is spelt nearly so, or one of another group that ends so. */
function nearestRule(word: string): string | null {
  const near = probablyMeant(word, PERMITTABLE_RULES);
  if (near !== null) return near;
  const end = probablyMeant(endOf(word), PERMITTABLE_RULES.map(endOf));
  return PERMITTABLE_RULES.find((rule) => endOf(rule) === end) ?? null;
}

/** `confine.port` ends in `port`. */
function endOf(rule: string): string {
  return rule.split(".").at(-1) ?? rule;
}
