import { type ComposePath, isRecord } from "../recipe/compose_values.ts";

/**
 * Where two readings of one document part.
 * @returns path of the first difference, or null where there is none; a key with an undefined value counts as absent
 */
export function difference(one: unknown, other: unknown, path: ComposePath = []): ComposePath | null {
  if (Array.isArray(one) && Array.isArray(other)) {
    for (let index = 0; index < Math.max(one.length, other.length); index++) {
      if (index >= one.length || index >= other.length) return [...path, index];
      const found = difference(one[index], other[index], [...path, index]);
      if (found !== null) return found;
    }
    return null;
  }
  if (isRecord(one) && isRecord(other)) {
    const left = new Map(Object.entries(one));
    const right = new Map(Object.entries(other));
    for (const key of new Set([...left.keys(), ...right.keys()])) {
      const found = difference(left.get(key), right.get(key), [...path, key]);
      if (found !== null) return found;
    }
    return null;
  }
  return Object.is(one, other) ? null : path;
}
