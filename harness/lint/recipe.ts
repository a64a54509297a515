import type { Compose } from "../recipe/compose.ts";
import { type ComposePath, valueAt } from "../recipe/compose_values.ts";

/** A recipe at one commit, as the rules look at it. */
export interface Recipe {
  compose: Compose;
  /** Real path of its folder. */
  root: string;
  /** Stack it would be deployed as, which is as long as its domain. */
  stack: string;
  /** Text of `.env.sample`; empty where there is none. */
  sample: string;
  /** Text of `abra.sh`; empty where there is none. */
  abraSh: string;
}

/** Where a value was written last, which is where Docker takes it from. */
export function placeOf(compose: Compose, path: ComposePath): { file: string; line: number } {
  const file = compose.files.findLast(({ doc }) => valueAt(doc, path) !== undefined) ?? compose.files[0];
  return { file: file?.path ?? "compose.yml", line: file?.lineOf(path) ?? 1 };
}

/** Variables that a text as written in a compose file takes from the environment, those with a default left out. */
export function variablesWithoutDefault(text: unknown): string[] {
  if (typeof text !== "string") return [];
  return [...text.replaceAll("$$", "").matchAll(/\$(?:\{([A-Za-z_]\w*)(?::?\?[^}]*)?\}|([A-Za-z_]\w*))/g)]
    .map(([, braced, bare]) => braced ?? bare ?? "");
}
