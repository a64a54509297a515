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

/** Finds a version by its full name or, where that is clear, by the part before `+`. */
export function findVersion(versions: readonly PublishedVersion[], wanted: string): PublishedVersion | null {
  const exact = versions.find((one) => one.version === wanted);
  if (exact !== undefined) return exact;
  const close = versions.filter((one) => one.version.split("+")[0] === wanted);
  return close.length === 1 ? close[0] ?? null : null;
}
