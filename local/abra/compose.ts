import { parse } from "yaml";
import { Fatal } from "./output.ts";
import { asObject, schemaError } from "./schema.ts";

/** One compose file of an app, as it stands in the checkout: nothing filled in yet. */
export interface ComposeFile {
  path: string;
  doc: Record<string, unknown>;
}

/**
 * Reads the files that `COMPOSE_FILE` names (default `compose.yml`) and validates each before interpolation.
 * @throws {Fatal} for a file that is missing, is no YAML or breaks the schema.
 */
export function readCompose(checkout: string, env: Record<string, string>): ComposeFile[] {
  const names = (env.COMPOSE_FILE ?? "").split(":").filter((name) => name !== "");
  return (names.length === 0 ? ["compose.yml"] : names).map((name) => {
    const path = `${checkout}/${name}`;
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (cause) {
      throw new Fatal(`compose file does not exist: ${path}`, { cause });
    }
    let doc: unknown;
    try {
      doc = parse(text, { merge: true });
    } catch (cause) {
      throw new Fatal(`unable to validate recipe: yaml: ${cause instanceof Error ? cause.message : cause}`, {
        cause,
      });
    }
    const wrong = schemaError(doc);
    if (wrong !== undefined) throw new Fatal(`unable to validate recipe: ${name}: ${wrong}`);
    return { path, doc: asObject(doc) ?? {} };
  });
}

/** All services of all files, the later file's fields over the earlier one's; enough to read names, ports, secrets. */
export function mergedServices(files: ComposeFile[]): Record<string, Record<string, unknown>> {
  const services: Record<string, Record<string, unknown>> = {};
  for (const { doc } of files) {
    for (const [name, raw] of Object.entries(asObject(doc.services) ?? {})) {
      const service = asObject(raw) ?? {};
      const before = services[name] ?? {};
      const lists = ["secrets", "ports"].map((
        key,
      ) => [key, [...listOf(before[key]), ...listOf(service[key])]]);
      services[name] = { ...before, ...service, ...Object.fromEntries(lists) };
    }
  }
  return services;
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Fills in `$X`, `${X}`, `${X:-d}`, `${X-d}` and `$$` from `env` alone. Used to read names; for the deploy itself
 * Docker interpolates. Nested defaults are not supported, as in Docker's loader.
 */
export function interpolate(text: string, env: Record<string, string>): string {
  return text.replaceAll(
    /\$(?:(\$)|\{(\w+)(?:(:?)([-?])([^}]*))?\}|(\w+))/g,
    (_, escaped, braced, colon, operator, fallback, bare) => {
      if (escaped !== undefined) return "$";
      const value = env[braced ?? bare];
      const missing = value === undefined || (colon === ":" && value === "");
      return missing ? (operator === "-" ? fallback : "") : value;
    },
  );
}
