/** A release of a recipe: an annotated tag `<semver>+<version of the main image>`. */
export interface PublishedVersion {
  version: string;
  /** Commit the tag stands on. */
  commit: string;
}

const pattern = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?\+(.+)$/;

/** Whether a tag names a version of a recipe. */
export function isVersion(tag: string): boolean {
  return pattern.test(tag);
}

/**
 * Orders versions by the semver of the part before `+`, oldest first. What follows is the main image's tag, which
 * need not be a version of anything; it only decides between equals, by its numbers.
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [pattern.exec(left), pattern.exec(right)];
  if (a === null || b === null) return Number(a !== null) - Number(b !== null) || compareText(left, right);
  for (const part of [1, 2, 3]) {
    const difference = Number(a[part]) - Number(b[part]);
    if (difference !== 0) return difference;
  }
  return comparePreRelease(a[4], b[4]) || compareText(a[5] ?? "", b[5] ?? "");
}

/** A pre-release comes before the release; its parts compare as semver says. */
function comparePreRelease(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  const [a, b] = [left.split("."), right.split(".")];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [x, y] = [a[at], b[at]];
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const [xIsNumber, yIsNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xIsNumber !== yIsNumber) return xIsNumber ? -1 : 1;
    const difference = xIsNumber ? Number(x) - Number(y) : x < y ? -1 : Number(x > y);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareText(left: string, right: string): number {
  return left.localeCompare(right, "en", { numeric: true });
}

/**
 * The version people run before the head reaches them: the newest one; for a head that is itself a published version,
 * the one before that.
 */
export function newestBefore(
  versions: readonly PublishedVersion[],
  head: { commit: string; dirty: boolean },
): PublishedVersion | null {
  const sorted = versions.toSorted((a, b) => compareVersions(b.version, a.version));
  const self = head.dirty ? -1 : sorted.findIndex((one) => one.commit === head.commit);
  return sorted[self + 1] ?? null;
}

/** Finds a version by its full name or, where that is clear, by the part before `+`. */
export function findVersion(versions: readonly PublishedVersion[], wanted: string): PublishedVersion | null {
  const exact = versions.find((one) => one.version === wanted);
  if (exact !== undefined) return exact;
  const close = versions.filter((one) => one.version.split("+")[0] === wanted);
  return close.length === 1 ? close[0] ?? null : null;
}
