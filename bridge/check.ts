import type { Clock } from "../common/time.ts";
import type { Engine } from "./engine/engine.ts";
import { type Enrolments, ownerUnknown } from "./enrolments.ts";
import { type Forge, isUnknown } from "./forge/forge.ts";
import type { Statuses } from "./forge/statuses.ts";

/** What the self-check found, one sentence that says what to do. */
export interface Finding {
  /** `wrong` will not pass by itself; `away` may; a `warning` concerns a part only. */
  kind: "wrong" | "away" | "warning";
  text: string;
}

export interface CheckDeps {
  forge: Forge;
  /** Where commits get statuses, if they do. */
  statuses?: Statuses | null;
  engine: Engine;
  clock: Clock;
  /** Address of the forge, for the sentences. */
  forgeUrl: string;
  org: string;
  enrolments: Enrolments;
}

/** Ages of commands and pushes are compared across the two clocks. */
const mostSkewMs = 60_000;

/** Looks whether the bridge can do its work as it is set up. Changes nothing. */
export async function selfCheck(deps: CheckDeps): Promise<Finding[]> {
  const { enrolments, engine } = deps;
  const found: Finding[] = enrolments.problems.map((text) => ({ kind: "warning", text }));
  if (enrolments.recipes.size === 0) {
    found.push({ kind: "warning", text: "No recipe is enrolled: add one below CCCI_RECIPES" });
  }
  found.push(...await checkForge(deps));
  for (const text of await engine.problems()) {
    found.push({ kind: /^Could not/.test(text) ? "away" : "wrong", text });
  }
  return found;
}

async function checkForge(deps: CheckDeps): Promise<Finding[]> {
  const { forge, clock, org, forgeUrl } = deps;
  const version = await forge.version();
  if (!version.ok) {
    return [{
      kind: "away",
      text:
        `Could not ask the forge at "${forgeUrl}" for its version, check CCCI_FORGE_URL: ${version.message}`,
    }];
  }
  const found: Finding[] = [];
  const skew = version.at === null ? 0 : version.at - clock.now();
  if (Math.abs(skew) > mostSkewMs) {
    const text = `The forge's clock and ours differ by ${
      Math.round(Math.abs(skew) / 1000)
    } s: synchronise them`;
    found.push({ kind: "wrong", text });
  }
  const self = await forge.whoAmI({ org });
  if (!self.ok) return [...found, aboutToken(self, { org, scope: "read:organization" })];
  if (self.value !== null) {
    const { login } = self.value;
    const member = await forge.isMember({ org, login });
    if (member.ok ? !member.value : member.status === 303) {
      found.push({
        kind: "wrong",
        text:
          `The bridge's account "${login}" is not in "${org}": add it to a team, else it cannot see who is`,
      });
    } else if (!member.ok) found.push(aboutToken(member, { org, scope: "read:organization" }));
  }
  found.push(...await checkReach(deps));
  return found;
}

async function checkReach({ forge, statuses, enrolments, org }: CheckDeps): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const owner of enrolments.owners) {
    const seen = await forge.touchedPulls({ owner, since: null });
    if (seen.ok) continue;
    found.push(
      isUnknown(seen.status)
        ? { kind: "warning", text: ownerUnknown(owner) }
        : aboutToken(seen, { org, scope: "read:repository" }),
    );
  }
  const [repo] = enrolments.recipes.keys();
  if (repo !== undefined) {
    // There is no comment 0: whether we might react to it is judged first.
    const reaction = await forge.acknowledge({ repo, id: 0 });
    if (!reaction.ok && reaction.status === 403 && /scope/i.test(reaction.message)) {
      found.push(aboutToken(reaction, { org, scope: "write:issue" }));
    }
    const status = await statuses?.maySet({ repo });
    if (status?.ok === false) {
      const text =
        `Commits get no statuses: check that CCCI_STATUS_TOKEN has the scope "write:repository" and its ` +
        `account may push to "${repo}": ${status.message}`;
      found.push({ kind: "warning", text });
    }
  }
  return found;
}

function aboutToken(
  { status, message }: { status: number; message: string },
  { org, scope }: { org: string; scope: string },
): Finding {
  switch (status) {
    case 401:
      return {
        kind: "wrong",
        text: "The forge does not know the token: make a new one and set CCCI_FORGE_TOKEN",
      };
    case 403:
      return { kind: "wrong", text: `The forge's token lacks a scope: give it "${scope}"` };
    case 303:
    case 404:
      return {
        kind: "wrong",
        text:
          `The forge shows no organisation "${org}" to the bridge: check CCCI_MEMBERS_ORG and its membership`,
      };
    default:
      return { kind: "away", text: `Could not ask the forge: ${message}` };
  }
}
