import { createHash } from "node:crypto";
import { CcciError } from "../../common/errors.ts";

/** The two ways in which a run deploys a recipe: the head on its own, and the base with the head over it. */
export const lanes = ["install", "upgrade"] as const;
export type Lane = typeof lanes[number];

/** What has a domain of its own in a run: the app of a lane, or a provider by its recipe. */
export type Place = Lane | `needs/${string}`;

/** abra cuts stack names to this many characters, so that two long domains could end up as one stack. */
const STACK_LIMIT = 45;

/** An app's domain: first letters of the recipe and a hash of run and lane, one label below the base domain. */
export function domainOf(recipe: string, where: { run: string; lane: Place; base: string }): string {
  const letters = recipe.replace(/[^a-z0-9]/g, "").slice(0, 4);
  const hash = createHash("sha256").update(`${where.run}/${where.lane}`).digest("hex").slice(0, 6);
  return `${letters}-${hash}.${where.base}`;
}

/**
 * A sibling of the app's domain, for a recipe that answers at several. It has the same number of labels, so that one
 * wildcard certificate is valid for both.
 */
export function extraDomain(domain: string, name: string): string {
  const [label, ...rest] = domain.split(".");
  return [`${label}-${name}`, ...rest].join(".");
}

/**
 * The name of the stack that abra makes of an app.
 * @throws {CcciError} `names.long` when abra would cut the name
 */
export function stackOf(domain: string): string {
  const stack = domain.replaceAll(".", "_");
  if (stack.length > STACK_LIMIT) {
    const room = STACK_LIMIT - "abcd-123456.".length;
    throw new CcciError("names.long", `Stack name "${stack}" is longer than ${STACK_LIMIT} characters`, {
      hint: `Use a base domain of at most ${room} characters`,
    });
  }
  return stack;
}

/** Whether a stack's name has the form that runs below this base domain give it. */
export function isOurs(stack: string, base: string): boolean {
  const tail = `_${base.replaceAll(".", "_")}`;
  return stack.endsWith(tail) && /^[a-z0-9]{1,4}-[0-9a-f]{6}$/.test(stack.slice(0, -tail.length));
}

/**
 * A name for a run that nobody else has named. It begins with the time, so that run folders sort by age.
 * @param now milliseconds since the epoch
 */
export function newRunName(now: number, random: () => number = Math.random): string {
  const tail = Math.floor(random() * 36 ** 3).toString(36).padStart(3, "0");
  return `${Math.floor(now / 1000).toString(36)}${tail}-1`;
}
