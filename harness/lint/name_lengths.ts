import { type Compose, isExternal, objectName } from "../recipe/compose.ts";
import { entriesOf } from "../recipe/compose_values.ts";
import { type Finding, quote } from "./finding.ts";
import { placeOf } from "./recipe.ts";

/** Swarm's limits for names; abra cuts stack names itself. */
const limits = { secrets: 64, configs: 64, services: 63, networks: 63 } as const;
const STACK_LIMIT = 45;
const kinds = { secrets: "Secret", configs: "Config", services: "Service", networks: "Network" } as const;
/** Hardly any domain is shorter: a name that leaves less room than this is too long wherever it is deployed. */
const SHORTEST_DOMAIN = 12;
/** Domains of this length are common; recipes had better leave room for them. */
const USUAL_DOMAIN = 30;

export interface NameBudget {
  /** Length of the longest domain (or stack name, which is as long) that all names leave room for. */
  room: number;
  findings: Finding[];
}

/**
 * How long a domain the recipe can be deployed at. Names in Docker begin with the stack's, which is the domain with
 * its dots replaced; Swarm refuses secrets and configs of more than 64 characters only once half of the stack is up.
 */
export function nameBudget(compose: Compose, stack: string): NameBudget {
  const findings: Finding[] = [];
  let room: number = STACK_LIMIT;
  for (const { section, key, name, path } of names(compose, stack)) {
    const own = name.startsWith(stack);
    const left = own ? limits[section] - (name.length - stack.length) : limits[section] - name.length;
    const fits = own ? left >= SHORTEST_DOMAIN : left >= 0;
    if (own) room = Math.min(room, left);
    if (fits && (!own || left >= USUAL_DOMAIN)) continue;
    const ending = own ? `…${name.slice(stack.length)}` : name;
    findings.push({
      rule: "lint.name-length",
      severity: fits ? "warning" : "error",
      ...placeOf(compose, path),
      message: fits
        ? `${kinds[section]} ${quote(key)} leaves room for domains of up to ${left} characters only`
        : `${kinds[section]} ${quote(key)} would be called ${
          quote(ending)
        }, which leaves no room for a domain`,
      hint: `Docker allows ${limits[section]} characters, domain included: choose a shorter name`,
      subject: key,
    });
  }
  return { room, findings };
}

interface Named {
  section: keyof typeof limits;
  key: string;
  name: string;
  path: [string, string];
}

function names(compose: Compose, stack: string): Named[] {
  const named = new Map<string, Named>();
  for (const file of compose.files) {
    for (const section of ["secrets", "configs", "services", "networks"] as const) {
      for (const [key, definition] of entriesOf(file.doc[section])) {
        const at = `${section} ${key}`;
        const usual = `${stack}_${key}`;
        const name = section === "services" ? usual : objectName(definition, key) ?? usual;
        if (section === "networks" && isExternal(definition)) continue;
        named.set(at, { section, key, name, path: [section, key] });
      }
    }
  }
  return [...named.values()];
}
