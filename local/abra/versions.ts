/** `1.2.0+1.25.3`: the recipe's own version, a plus, the version of the main image. */
const released = /^(\d+)\.(\d+)\.(\d+)(?:\+(\S+))?$/;

export function isRelease(tag: string): boolean {
  return released.test(tag);
}

/** Orders release tags, newest first: by the recipe's own version, and by text where that is equal. */
export function byNewest(a: string, b: string): number {
  const left = released.exec(a) ?? [];
  const right = released.exec(b) ?? [];
  for (const part of [1, 2, 3]) {
    const difference = Number(right[part] ?? 0) - Number(left[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? 1 : a > b ? -1 : 0;
}
