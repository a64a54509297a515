import * as z from "zod";
import { describeError, UsageError } from "./errors.ts";

/** A setting with a default that not every form of a program has; without one it has to be given. */
export function stringOr(value: string | undefined): z.ZodString | z.ZodDefault<z.ZodString> {
  return value === undefined ? z.string() : z.string().default(value);
}

/**
 * Reads a program's settings from its environment. A key of the schema, with the prefix `CCCI_`, is the name of a
 * variable. For secrets, `CCCI_<key>_FILE` may name a file instead, whose trimmed content is the value.
 * @throws {UsageError} naming every variable that is missing or wrong
 */
export function readConfig<T extends z.ZodObject>(
  schema: T,
  env: (name: string) => string | undefined = Deno.env.get,
): z.infer<T> {
  const raw: Record<string, string> = {};
  const unreadable: string[] = [];
  for (const key of Object.keys(schema.shape)) {
    const direct = env(`CCCI_${key}`);
    const file = env(`CCCI_${key}_FILE`);
    if (direct !== undefined && direct !== "") raw[key] = direct;
    else if (file !== undefined && file !== "") {
      try {
        raw[key] = Deno.readTextFileSync(file).trim();
      } catch (error) {
        unreadable.push(`CCCI_${key}_FILE: cannot read "${file}": ${describeError(error)}`);
      }
    }
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success && unreadable.length === 0) return parsed.data;
  const wrong = parsed.success ? [] : parsed.error.issues
    .filter((issue) => !unreadable.some((line) => line.startsWith(`CCCI_${issue.path.join("_")}_FILE`)))
    .map((issue) => `CCCI_${issue.path.join("_")}: ${issue.message}`);
  throw new UsageError(`Could not read the configuration: ${[...unreadable, ...wrong].join("; ")}`);
}
