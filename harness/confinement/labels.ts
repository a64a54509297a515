import { type Compose, type ComposeFile, labelsOf } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, listOrMap } from "../recipe/compose_values.ts";
import { quote, type ScopedReport } from "../lint/finding.ts";
import { foreignReference, middlewareProblem, transportProblem } from "./middlewares.ts";
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

const routerOptions =
  /^(rule|rulesyntax|entrypoints|middlewares|service|priority|tls|tls\.(certresolver|options|passthrough)|observability\..*)$/;

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
  if (lower.startsWith("coop-cloud.") && !lower.startsWith(`coop-cloud.${stack.toLowerCase()}.`)) {
    return refuse(
      "confine.label",
      `The label ${quote(key)} speaks for another app`,
      "Write it as coop-cloud.${STACK_NAME}.…",
    );
  }
  const [root, protocol = "", kind = "", name = "", ...rest] = lower.split(".");
  if (root !== "traefik") return;
  if (["enable", "docker", "swarm"].includes(protocol)) return;
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
  } else if (kind === "services" && !serviceOptions.test(option)) {
    refuse(
      "confine.router",
      `Traefik service ${quote(name)} sends requests beyond this app: ${quote(option)}`,
    );
  } else if (kind === "middlewares" || kind === "serverstransports") {
    const problem = kind === "middlewares" ? middlewareProblem(option) : transportProblem(option);
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

/** Options of a load balancer that leave requests with the service's own containers. */
const serviceOptions =
  /^loadbalancer\.(server\.(port|scheme|weight|preservepath|tls)|passhostheader|strategy|serverstransport|terminationdelay|sticky(\..*)?|healthcheck(\..*)?|responseforwarding\..*|proxyprotocol(\..*)?)$/;

function* routerProblems(
  { option, value, domains }: { option: string; value: string; domains: readonly string[] },
): Generator<string> {
  if (option === "rule") {
    const problem = checkRule(value, domains);
    if (problem !== undefined) yield describeRule(problem, value);
  } else if (/^tls\.domains\[[0-9]+\]\.(main|sans)$/.test(option)) {
    const other = value.split(",").map((name) => name.trim().toLowerCase())
      .find((name) => !domains.includes(name));
    if (other !== undefined) yield `asks for a certificate of ${quote(other)}`;
  } else if (!routerOptions.test(option)) {
    yield `sets the option ${quote(option)}, which is not known to be safe`;
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

/** A router without a rule gets Traefik's default one, and so does an enabled service without any router. */
function checkRouters(
  service: string,
  { of, base, report, compose }: LabelScope & { of: "deploy" | "container"; base: string[] },
): void {
  const routers = new Map<string, boolean>();
  let enabled = false;
  for (const [key, value] of Object.entries(labelsOf(compose, service, { of }))) {
    const lower = key.normalize("NFKC").toLowerCase();
    if (lower === "traefik.enable") enabled = /^(1|t|true)$/i.test(value);
    const match = /^traefik\.(http|tcp)\.routers\.([^.]+)\.(.+)$/.exec(lower);
    if (match === null) continue;
    const router = `${match[1]}.${match[2]}`;
    routers.set(router, (routers.get(router) ?? false) || match[3] === "rule");
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
