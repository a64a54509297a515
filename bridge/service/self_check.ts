import type { Clock } from "../../common/time.ts";
import type { Engine } from "../engine/engine.ts";
import { type Enrolments, ownerUnknown } from "../../enrolment/repositories.ts";
import { type Forge, isGone, isUnknown } from "../forge/forge.ts";
import { forgeVersion } from "../forge/version.ts";
import type { Statuses } from "../forge/statuses.ts";

/** What the self-check found, one sentence that says what to do. */
export interface Finding {
  /** `wrong` will not pass by itself; `away` may; a `warning` concerns a part only; a `fact` is no more than that. */
  kind: "wrong" | "away" | "warning" | "fact";
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
/** After this many enrolled repositories that the forge does not show, no further one is tried. */
const mostTried = 5;

/** Looks whether the bridge can do its work as it is set up. Changes nothing. */
export async function selfCheck(deps: CheckDeps): Promise<Finding[]> {
  const { enrolments, engine } = deps;
  const found: Finding[] = enrolments.problems.map((text) => ({ kind: "warning", text }));
  if (enrolments.recipes.size === 0) {
    found.push({ kind: "warning", text: "No recipe is enrolled: add one below CCCI_RECIPES" });
  }
  found.push(...onceEach(await checkForge(deps)));
  for (const text of await engine.problems()) {
    found.push({ kind: /^Could not/.test(text) ? "away" : "wrong", text });
  }
  return found;
}

/** Several calls may fail for one reason: it is told once, with what was said of the first. */
function onceEach(found: readonly Finding[]): Finding[] {
  const reason = ({ text }: Finding) => text.split(": ")[0];
  return found.filter((one, at) => found.findIndex((other) => reason(other) === reason(one)) === at);
}

async function checkForge(deps: CheckDeps): Promise<Finding[]> {
  const { forge, clock, forgeUrl } = deps;
  const version = await forge.version();
  if (!version.ok) {
    return [{
      kind: "away",
      text:
        `Could not ask the forge at "${forgeUrl}" for its version, check CCCI_FORGE_URL: ${version.message}`,
    }];
  }
  const found: Finding[] = aboutVersion(version.value, forgeUrl);
  const skew = version.at === null ? 0 : version.at - clock.now();
  if (Math.abs(skew) > mostSkewMs) {
    const text = `The forge's clock and ours differ by ${
      Math.round(Math.abs(skew) / 1000)
    } s: synchronise them`;
    found.push({ kind: "wrong", text });
  }
  return [...found, ...await checkMembership(deps), ...await checkReach(deps)];
}

function aboutVersion(said: string, forgeUrl: string): Finding[] {
  const { name, version, tooOldFor } = forgeVersion(said);
  const found: Finding[] = [{ kind: "fact", text: `${name} ${version} at "${forgeUrl}"` }];
  if (tooOldFor !== null) {
    const text = `${name} ${version} is older than ${tooOldFor}, the oldest that the bridge was made for: ` +
      "it may not tell when which commit was pushed. Update it";
    found.push({ kind: "warning", text });
  }
  return found;
}

/** The forge tells only members who else is a member; it redirects an outsider to the list of public members. */
async function checkMembership({ forge, org }: CheckDeps): Promise<Finding[]> {
  const scope = "read:organization";
  const self = await forge.whoAmI({ org });
  if (!self.ok) return [aboutToken(self, { org, scope })];
  const name = self.value === null ? "" : ` "${self.value.login}"`;
  const member = self.value === null
    ? await forge.seesMembers({ org })
    : await forge.isMember({ org, login: self.value.login });
  if (!member.ok && member.status !== 303) return [aboutToken(member, { org, scope })];
  if (member.ok && member.value) return [];
  const text = `The bridge's account${name} is not in "${org}": add it to a team, else it cannot see who is`;
  return [{ kind: "wrong", text }];
}

/** Tries each kind of call the bridge makes, since each has its scope. */
async function checkReach(deps: CheckDeps): Promise<Finding[]> {
  const { forge, enrolments, org } = deps;
  const found: Finding[] = [];
  for (const owner of enrolments.owners) {
    const seen = await forge.touchedPulls({ owner, since: null });
    if (seen.ok) continue;
    found.push(
      isUnknown(seen.status)
        ? { kind: "warning", text: ownerUnknown(owner) }
        : aboutToken(seen, { org, scope: "write:issue" }),
    );
  }
  for (const repo of [...enrolments.recipes.keys()].slice(0, mostTried)) {
    const seen = await forge.repository({ repo });
    if (seen.ok) return [...found, ...await checkRepository(repo, deps)];
    if (!isGone(seen.status)) return [...found, aboutToken(seen, { org, scope: "read:repository" })];
    const text =
      `The forge shows no repository "${repo}" to the bridge: correct "repo" in its enrolment, or let ` +
      "the bridge's account read it";
    found.push({ kind: "warning", text });
  }
  return found;
}

async function checkRepository(repo: string, { forge, statuses, org }: CheckDeps): Promise<Finding[]> {
  const found: Finding[] = [];
  // There is no pull request and no comment 0, but the forge judges whether we may see or touch it before it looks for
  // it.
  const pull = await forge.pull({ repo, pr: 0 });
  if (!pull.ok && pull.status === 403) found.push(aboutToken(pull, { org, scope: "read:repository" }));
  const reaction = await forge.acknowledge({ repo, id: 0 });
  if (!reaction.ok && reaction.status === 403) {
    found.push(aboutToken(reaction, { org, scope: "write:issue" }));
  }
  const status = await statuses?.maySet({ repo });
  if (status?.ok === false) {
    const text =
      `Commits get no statuses: check that CCCI_STATUS_TOKEN has the scope "write:repository" and its ` +
      `account may push to "${repo}": ${status.message}`;
    found.push({ kind: "warning", text });
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
      return {
        kind: "wrong",
        text: `The forge's token lacks a scope, probably "${scope}": ${message}`,
      };
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
