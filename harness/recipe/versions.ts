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

/** Says why {@linkcode findVersion} finds none, as a sentence without a final period, and what there is. */
export function whyNoVersion(
  versions: readonly Pick<PublishedVersion, "version">[],
  wanted: string,
): { message: string; published: string } {
  const close = versions.filter((one) => one.version.split("+")[0] === wanted).map((one) => one.version);
  return {
    message: close.length > 1
      ? `Version "${wanted}" may be any of ${close.join(", ")}: name one of them whole`
      : `Version "${wanted}" was never published`,
    published: versions.length === 0
      ? "No version was"
      : `Published are: ${versions.map((one) => one.version).join(", ")}`,
  };
}

/** Finds a version by its full name or, where that is clear, by the part before `+`. */
export function findVersion(versions: readonly PublishedVersion[], wanted: string): PublishedVersion | null {
  const exact = versions.find((one) => one.version === wanted);
  if (exact !== undefined) return exact;
  const close = versions.filter((one) => one.version.split("+")[0] === wanted);
  return close.length === 1 ? close[0] ?? null : null;
}
