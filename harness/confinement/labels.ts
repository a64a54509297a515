import { type Compose, type ComposeFile, labelsOf } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, listOrMap } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";
import { duration, flag, matching, oneOf, text, type ValueCheck, whole } from "./label_values.ts";
import { foreignReference, optionProblem } from "./traefik_options.ts";
import { checkRule, type RuleProblem } from "./traefik_rule.ts";

interface LabelScope {
  report: ScopedReport;
  stack: string;
  /** The run's domains, in lower case. */
  domains: readonly string[];
  compose: Compose;
}

const kinds = new Map([
  ["routers", "router"],
  ["services", "service"],
  ["middlewares", "middleware"],
  ["serverstransports", "servers transport"],
]);

const routerOptions: [pattern: RegExp, check: ValueCheck][] = [
  [/^rulesyntax$/, oneOf("default", "v2", "v3")],
  [/^entrypoints$/, matching(/^[\w ,-]{0,200}$/)],
  [/^(middlewares|service|tls\.options)$/, text()],
  [/^priority$/, whole(-100_000, 100_000)],
  [/^(tls|tls\.passthrough|observability\.(accesslogs|metrics|tracing))$/, flag],
  [
    /^tls\.certresolver$/, // one that is named would ask for a certificate of every throw-away domain
    (value) => value === "" ? null : `${value} (write \${LETS_ENCRYPT_ENV}, which is empty in a test)`,
  ],
];

/** Labels that describe, and which no program obeys. */
const descriptive =
  /^(org\.opencontainers\.|org\.label-schema\.|(maintainer|description|vendor|version|license|name|note|url|homepage)$)/;

/** Labels of both backup bots; hooks run in the service's own container. */
const backupLabels: [pattern: RegExp, check: ValueCheck][] = [
  [/^backupbot\.(enable|backup|restore)$/, flag],
  [/^backupbot\.(backup|restore)\.((pre|post)-hook|command)$/, text(4_000)],
  [
    /^backupbot\.(backup|restore)\.path$/, // in the container
    (value) => /(^|[\/,\s])\.\.([\/,\s]|$)/.test(value) ? `${quote(value)} leads elsewhere` : text()(value),
  ],
  [/^backupbot\.backup\.volumes\.[a-z0-9][\w-]*$/, flag],
  [
    /^backupbot\.backup\.volumes\.[a-z0-9][\w-]*\.path$/,
    (value) =>
      /(^|,)\s*\/|(^|[\/,\s])\.\.([\/,\s]|$)/.test(value)
        ? `${quote(value)} leaves the volume`
        : text()(value),
  ],
];

/** Labels of abra, behind `coop-cloud.<stack>.`; their numbers are seconds. */
const abraLabels: [pattern: RegExp, check: ValueCheck][] = [
  [/^timeout$/, duration(86_400)],
  [/^[a-z0-9_.-]+$/, text()],
];

function problemOf(
  known: readonly [RegExp, ValueCheck][],
  { key, value }: { key: string; value: string },
): string | null {
  const check = known.find(([pattern]) => pattern.test(key))?.[1];
  return check === undefined ? "is not known" : check(value);
}

/**
 * Labels that other programs on the host obey. Traefik reads its whole routing from them, abra finds apps and the
 * backup bot by them, Docker the stack. Swarm knows `deploy.labels`; those of containers are held to the same.
 */
export function checkLabels(file: ComposeFile, scope: LabelScope): void {
  const domains = scope.domains.map((domain) => domain.toLowerCase());
  for (const [service, definition] of entriesOf(file.doc.services)) {
    if (!isRecord(definition)) continue;
    for (const where of ["deploy", "container"] as const) {
      const base = where === "deploy"
        ? ["services", service, "deploy", "labels"]
        : ["services", service, "labels"];
      const holder = where === "container"
        ? definition
        : isRecord(definition.deploy)
        ? definition.deploy
        : {};
      const labels = listOrMap(holder.labels);
      for (const { key, value, at } of labels) {
        checkLabel(key, { value: value ?? "", path: [...base, at], ...scope, domains });
      }
      if (labels.length > 0) checkRouters(service, { of: where, base, ...scope });
    }
  }
  for (const section of ["networks", "volumes", "configs", "secrets"]) {
    for (const [name, definition] of entriesOf(file.doc[section])) {
      for (const { key, value, at } of listOrMap(isRecord(definition) ? definition.labels : undefined)) {
        checkLabel(key, { value: value ?? "", path: [section, name, "labels", at], ...scope, domains });
      }
    }
  }
}

function checkLabel(
  key: string,
  { value, path, ...scope }: LabelScope & { value: string; path: ComposePath },
): void {
  const { report, stack, domains } = scope;
  // Traefik's reader folds case as Unicode does: "router\u017f" is "routers" to it.
  const lower = key.normalize("NFKC").toLowerCase();
  const refuse = (rule: string, message: string, hint?: string) =>
    report(rule, path, { message, subject: key, ...(hint === undefined ? {} : { hint }) });
  if (lower.startsWith("com.docker.")) {
    return refuse("confine.label", `The label ${quote(key)} is Docker's own`);
  }
  const own = `coop-cloud.${stack.toLowerCase()}.`;
  if (lower.startsWith("coop-cloud.") && !lower.startsWith(own)) {
    return refuse(
      "confine.label",
      `The label ${quote(key)} speaks for another app`,
      "Write it as coop-cloud.${STACK_NAME}.…",
    );
  }
  for (const [prefix, known] of [[own, abraLabels], ["backupbot.", backupLabels]] as const) {
    if (!lower.startsWith(prefix)) continue;
    const problem = problemOf(known, { key: prefix === own ? lower.slice(own.length) : lower, value });
    if (problem !== null) refuse("confine.label", `The label ${quote(key)} cannot be allowed: ${problem}`);
    return;
  }
  const [root, protocol = "", kind = "", name = "", ...rest] = lower.split(".");
  if (root !== "traefik") {
    if (descriptive.test(lower)) {
      const problem = text(4_000)(value);
      if (problem !== null) refuse("confine.label", `The label ${quote(key.slice(0, 200))} ${problem}`);
      return;
    }
    return refuse(
      "confine.label",
      `The label ${quote(key)} speaks to a program that recipes have no business with here`,
      "Leave it out, or ask for an exception in the enrolment",
    );
  }
  if (["enable", "docker", "swarm"].includes(protocol)) {
    const problem = providerProblem([protocol, kind].join("."), { value, stack });
    if (problem !== null) refuse("confine.router", `The label ${quote(key)} cannot be allowed: ${problem}`);
    return;
  }
  if (!["http", "tcp"].includes(protocol)) {
    return refuse("confine.router", `The label ${quote(key)} changes more than this app's routing`);
  }
  if (kinds.has(kind) && !name.includes(stack.toLowerCase())) {
    refuse(
      "confine.router-name",
      `The Traefik ${kinds.get(kind)} ${quote(name)} may clash with another app's`,
      "Put ${STACK_NAME} into its name; in the mapping form of labels Docker does not fill in variables in keys",
    );
  }
  if (/@internal\b/i.test(value)) {
    refuse("confine.router", `The label ${quote(key)} reaches into Traefik itself: ${quote(value)}`);
  }
  const option = rest.join(".");
  const foreign = foreignReference(kind, { option, value, stack });
  if (foreign !== undefined) {
    refuse(
      "confine.router",
      `Traefik ${kinds.get(kind)} ${quote(name)} uses ${quote(foreign)}, which is not this app's own`,
      "Refer to names that hold ${STACK_NAME}",
    );
  }
  if (kind === "routers") {
    for (const message of routerProblems({ option, value, domains })) {
      refuse("confine.router", `Router ${quote(name)} ${message}`, routerHint(option));
    }
  } else if (kind === "services" || kind === "middlewares" || kind === "serverstransports") {
    const problem = optionProblem(kind, { option, value, domains });
    if (problem !== undefined) {
      refuse("confine.router", `Traefik ${kinds.get(kind)} ${quote(name)} ${problem}`);
    }
  } else if (!kinds.has(kind)) {
    refuse("confine.router", `The label ${quote(key)} is none that Traefik's routing needs`);
  }
}

function routerHint(option: string): string | undefined {
  return option === "rule" ? "Use Host(`${DOMAIN}`), with paths behind && if need be" : undefined;
}

/** What Traefik's provider reads of a service itself. */
function providerProblem(option: string, { value, stack }: { value: string; stack: string }): string | null {
  if (option === "enable.") return flag(value);
  if (/^(docker|swarm)\.network$/.test(option)) {
    return value === "proxy" || value.startsWith(`${stack}_`)
      ? null
      : `${quote(value)} is no network of this app`;
  }
  return /^(docker|swarm)\.lbswarm$/.test(option) ? flag(value) : "is not known";
}

function* routerProblems(
  { option, value, domains }: { option: string; value: string; domains: readonly string[] },
): Generator<string> {
  if (option === "rule") {
    const problem = value.length > 2_000
      ? { kind: "unreadable" as const, what: "it is longer than 2000 characters" }
      : checkRule(value, domains);
    if (problem !== undefined) yield describeRule(problem, value);
  } else if (/^tls\.domains\[[0-9]+\]\.(main|sans)$/.test(option)) {
    const other = value.split(",").map((name) => name.trim().toLowerCase())
      .find((name) => !domains.includes(name));
    if (other !== undefined) yield `asks for a certificate of ${quote(other)}`;
  } else {
    const problem = problemOf(routerOptions, { key: option, value });
    if (problem !== null) yield `sets the option ${quote(option)}, which cannot be allowed: ${problem}`;
  }
}

function describeRule(problem: RuleProblem, rule: string): string {
  switch (problem.kind) {
    case "regexp":
      return `matches hosts by pattern: ${quote(rule)}`;
    case "foreign":
      return problem.host === ""
        ? `names an empty host: ${quote(rule)}`
        : `answers at ${quote(problem.host)}, which is no domain of this run`;
    case "unbounded":
      return `answers at any host: ${quote(rule)}`;
    case "unreadable":
      return `has a rule that cannot be read, ${problem.what}: ${quote(rule)}`;
  }
}

/**
 * A router without a rule gets Traefik's default one, and so does an enabled service without any router. A buffer
 * without bounds takes as much of Traefik's disk as somebody sends.
 */
function checkRouters(
  service: string,
  { of, base, report, compose }: LabelScope & { of: "deploy" | "container"; base: string[] },
): void {
  const routers = new Map<string, boolean>();
  const buffers = new Map<string, Set<string>>();
  let enabled = false;
  for (const [key, value] of Object.entries(labelsOf(compose, service, { of }))) {
    const lower = key.normalize("NFKC").toLowerCase();
    if (lower === "traefik.enable") enabled = /^(1|t|true)$/i.test(value);
    const [, middleware, option] = /^traefik\.http\.middlewares\.([^.]+)\.buffering\.(\w+)$/.exec(lower) ??
      [];
    if (middleware !== undefined && option !== undefined) {
      buffers.set(middleware, (buffers.get(middleware) ?? new Set()).add(option));
    }
    const match = /^traefik\.(http|tcp)\.routers\.([^.]+)\.(.+)$/.exec(lower);
    if (match === null) continue;
    const router = `${match[1]}.${match[2]}`;
    routers.set(router, (routers.get(router) ?? false) || match[3] === "rule");
  }
  for (const [middleware, options] of buffers) {
    // Recipes bound uploads alone as a rule. Whoever thinks of responses states how large they may be, too.
    const unbounded = ["request", "response"].find((side) =>
      !options.has(`max${side}bodybytes`) && (side === "request" || options.has(`mem${side}bodybytes`))
    );
    if (unbounded === undefined) continue;
    report("confine.router", base, {
      message: `Traefik middleware ${quote(middleware)} keeps ${unbounded}s on Traefik's disk without bounds`,
      subject: middleware,
      hint: `State max${unbounded === "request" ? "Request" : "Response"}BodyBytes`,
    });
  }
  for (const [router, ruled] of routers) {
    if (ruled) continue;
    report("confine.router", base, {
      message: `Router ${
        quote(router.slice(router.indexOf(".") + 1))
      } has no rule and would get Traefik's default`,
      subject: router,
      hint: "Give it the rule Host(`${DOMAIN}`)",
    });
  }
  if (enabled && routers.size === 0) {
    report("confine.router", base, {
      message: `Service ${
        quote(service)
      } is enabled for Traefik without a router and would get the default one`,
      subject: service,
      hint: "Give it a router with the rule Host(`${DOMAIN}`), or leave out traefik.enable",
    });
  }
}
