import { isTooRepetitive } from "./label_values.ts";

/** What is wrong with a router's rule, if anything. */
export type RuleProblem =
  | { kind: "unreadable"; what: string }
  | { kind: "regexp" }
  | { kind: "foreign"; host: string }
  | { kind: "unbounded" };

type Rule =
  | { matcher: string; values: string[] }
  | { and: [Rule, Rule] }
  | { or: [Rule, Rule] }
  | { not: Rule };

const HOSTS = new Set(["host", "hostsni", "hostheader"]);
const PATHS = new Set(["path", "pathprefix"]);

/**
 * Looks whether a Traefik rule (v2 or v3 syntax) can only match requests for the given domains: every way to
 * satisfy it must pass a `Host` or `HostSNI` of one of them, and no other host may be named at all.
 */
export function checkRule(text: string, domains: readonly string[]): RuleProblem | undefined {
  const parsed = parseRule(text);
  if (typeof parsed === "string") return { kind: "unreadable", what: parsed };
  if (isTooRepetitive(text)) return { kind: "unreadable", what: "it repeats too much" };
  const matchers = leaves(parsed);
  if (
    matchers.some(({ matcher }) => matcher.includes("regexp") && HOSTS.has(matcher.replace("regexp", "")))
  ) {
    return { kind: "regexp" };
  }
  for (const { matcher, values } of matchers) {
    if (!HOSTS.has(matcher)) continue;
    const host = values.find((value) => !isOwn(value.toLowerCase(), domains));
    if (host !== undefined) return { kind: "foreign", host };
    if (values.length === 0) return { kind: "unbounded" };
  }
  return bounded(parsed, HOSTS) ? undefined : { kind: "unbounded" };
}

/** What a rule that can be read matches: which hosts, and a path where it matches no request without one. */
export function reached(text: string): { hosts: string[]; path: string | null } | null {
  const parsed = parseRule(text);
  if (typeof parsed === "string") return null;
  const valuesOf = (matchers: ReadonlySet<string>) =>
    leaves(parsed).filter(({ matcher }) => matchers.has(matcher)).flatMap(({ values }) => values);
  return { hosts: valuesOf(HOSTS), path: bounded(parsed, PATHS) ? valuesOf(PATHS)[0] ?? null : null };
}

/** One of the domains, or a name below one of them, which nobody else has. */
function isOwn(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) =>
    host === domain || (host.endsWith(`.${domain}`) && /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(host))
  );
}

/** Whether every way to satisfy a rule passes one of some matchers. */
function bounded(rule: Rule, by: ReadonlySet<string>): boolean {
  if ("matcher" in rule) return by.has(rule.matcher);
  if ("and" in rule) return rule.and.some((part) => bounded(part, by));
  if ("or" in rule) return rule.or.every((part) => bounded(part, by));
  return false;
}

function leaves(rule: Rule): { matcher: string; values: string[] }[] {
  if ("matcher" in rule) return [rule];
  if ("not" in rule) return leaves(rule.not);
  return ("and" in rule ? rule.and : rule.or).flatMap(leaves);
}

/** `&&` binds closer than `||`, as in Go, whose expression parser Traefik uses. */
function parseRule(text: string): Rule | string {
  const tokens = tokenize(text);
  if (typeof tokens === "string") return tokens;
  let at = 0;
  const next = () => tokens[at];
  const take = (kind: string) => {
    const token = next();
    if (token?.kind !== kind) throw new RuleError(`"${token?.text ?? "end"}" where "${kind}" was expected`);
    at++;
    return token.text;
  };
  function or(depth: number): Rule {
    let left = and(depth);
    while (next()?.kind === "||") {
      at++;
      left = { or: [left, and(depth)] };
    }
    return left;
  }
  function and(depth: number): Rule {
    let left = unary(depth);
    while (next()?.kind === "&&") {
      at++;
      left = { and: [left, unary(depth)] };
    }
    return left;
  }
  function unary(depth: number): Rule {
    if (depth > 50) throw new RuleError("nested too deeply");
    if (next()?.kind === "!") {
      at++;
      return { not: unary(depth + 1) };
    }
    if (next()?.kind === "(") {
      at++;
      const inner = or(depth + 1);
      take(")");
      return inner;
    }
    const matcher = take("name").toLowerCase();
    take("(");
    const values: string[] = [];
    while (next()?.kind === "string") {
      values.push(take("string"));
      if (next()?.kind !== ",") break;
      at++;
    }
    take(")");
    return { matcher, values };
  }
  try {
    const rule = or(0);
    const rest = next();
    return rest === undefined ? rule : `"${rest.text}" after the end of the rule`;
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}

class RuleError extends Error {}

/** Only what Traefik's own documentation uses: anything else (comments, escapes) is not read but refused. */
function tokenize(text: string): { kind: string; text: string }[] | string {
  const tokens: { kind: string; text: string }[] = [];
  const pattern = /\s+|`([^`]*)`|"([^"\\\n]*)"|([A-Za-z]+)|(&&|\|\||[!(),])/y;
  while (pattern.lastIndex < text.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) return `cannot read "${text.slice(from, from + 20)}"`;
    const string = match[1] ?? match[2];
    if (string !== undefined) tokens.push({ kind: "string", text: string });
    else if (match[3] !== undefined) tokens.push({ kind: "name", text: match[3] });
    else if (match[4] !== undefined) tokens.push({ kind: match[4], text: match[4] });
  }
  return tokens.length === 0 ? "it is empty" : tokens;
}
