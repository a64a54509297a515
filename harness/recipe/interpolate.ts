import { CcciError } from "../../common/errors.ts";

/** A value cannot be interpolated: bad syntax, or `${X:?message}` with nothing to put in. */
export class InterpolationError extends CcciError {
  constructor(message: string) {
    super("parse.variables", message);
  }
}

export interface Interpolated {
  text: string;
  /** Variables without default that the environment does not hold: Docker silently makes them empty. */
  unset: string[];
  /** All variables that the environment does not hold, those with a default too. */
  missing: string[];
}

const MAX_VARIABLES = 500;
const name = "[_a-z][_a-z0-9]*";
const substitution = `${name}(?::?[-?][^}]*)?`;
/**
 * Docker's own pattern (docker/cli `cli/compose/template`), its oddity kept: a bare `$X-default` has a default
 * too, up to the next brace. `u` makes JavaScript fold case as Go does.
 */
const pattern = new RegExp(
  `\\$(?:(?<escaped>\\$)|(?<named>${substitution})|\\{(?<braced>${substitution})\\}|(?<invalid>))`,
  "giu",
);

/**
 * Fills in `$X`, `${X}`, `${X:-d}`, `${X-d}`, `${X:?m}`, `${X?m}` and `$$` exactly as `docker stack deploy` does.
 * Looks at `env` and at nothing else: a variable of this process must never end up in an app.
 * @throws {InterpolationError}
 */
export function interpolate(text: string, env: Readonly<Record<string, string>>): Interpolated {
  const unset: string[] = [];
  const missing: string[] = [];
  // Each one may look for its end up to the end of the text.
  const dollars = text.split("$", MAX_VARIABLES + 2).length - 1;
  if (dollars > MAX_VARIABLES) {
    throw new InterpolationError(`There are more than ${MAX_VARIABLES} variables in one value`);
  }
  const filled = text.replace(pattern, (...args) => {
    const groups: Record<string, string | undefined> = args.at(-1);
    if (groups.escaped !== undefined) return "$";
    const wanted = groups.named ?? groups.braced;
    if (wanted === undefined) {
      const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
      throw new InterpolationError(`Invalid interpolation in "${shown}": ${advice(text)}`);
    }
    return substitute(wanted, { env, unset, missing });
  });
  return { text: filled, unset, missing };
}

/** A default behind a colon alone is the usual mistake. */
function advice(text: string): string {
  const [, variable, fallback] = /\$\{([A-Za-z_]\w*):([^-?}][^}]*)\}/.exec(text) ?? [];
  return variable === undefined
    ? "write $$ for a plain $"
    : `did you mean \${${variable}:-${fallback?.slice(0, 40)}}?`;
}

/** The order of the four forms is Docker's: `${A?b-c}` has a default, of a variable called `A?b`. */
function substitute(
  wanted: string,
  { env, unset, missing }: { env: Readonly<Record<string, string>>; unset: string[]; missing: string[] },
): string {
  const look = (key: string) => {
    if (Object.hasOwn(env, key)) return env[key];
    missing.push(key);
    return undefined;
  };
  if (wanted.includes(":-")) {
    const [key, fallback] = cut(wanted, ":-");
    return look(key) || fallback;
  }
  if (wanted.includes("-")) {
    const [key, fallback] = cut(wanted, "-");
    return look(key) ?? fallback;
  }
  for (const separator of [":?", "?"]) {
    if (!wanted.includes(separator)) continue;
    const [key, message] = cut(wanted, separator);
    const value = look(key);
    if (value === undefined || (separator === ":?" && value === "")) {
      throw new InterpolationError(`Required variable "${key}" is missing a value: ${message}`);
    }
    return value;
  }
  const value = look(wanted);
  if (value === undefined) unset.push(wanted);
  return value ?? "";
}

function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
