// @ts-types="@types/semver/functions/compare"
import compare from "semver/functions/compare.js";
// @ts-types="@types/semver/functions/parse"
import parse from "semver/functions/parse.js";

/**
 * Orders versions by the semver of the part before `+`, oldest first. What follows is the main image's tag, which
 * need not be a version of anything; it only decides between equals, by its numbers. A tag that semver cannot read
 * comes before all others.
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((tag) => parse(tag.split("+")[0], { loose: true })); // loose: `01.2.0` is in use
  if (!a || !b) return Number(Boolean(a)) - Number(Boolean(b)) || compareText(left, right);
  return compare(a, b) || compareText(imageOf(left), imageOf(right));
}

function imageOf(tag: string): string {
  return tag.slice(tag.indexOf("+") + 1);
}

function compareText(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}
