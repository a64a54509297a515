import assert from "node:assert/strict";
import * as z from "zod";
import fc from "fast-check";
import type { TestDashboard } from "./dashboard.ts";

/** A JSON Schema, as far as these tests look into it. */
export type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  schema: Schema;
}

/** One call of the API as its OpenAPI description has it. */
export interface Operation {
  method: string;
  path: string;
  parameters: Parameter[];
  /** Program that may make it; `null`: anybody. */
  writer: string | null;
  body: { type: string; schema: Schema } | null;
  /** Schema of the answer by status. */
  answers: Map<number, Schema>;
}

/** Every operation that a dashboard's own description names. */
export async function describedOperations(dashboard: TestDashboard): Promise<Operation[]> {
  const described = resolved(JSON.parse(await dashboard.page("/api/openapi.json")));
  return Object.entries(described.paths).flatMap(([path, item]) => {
    const { parameters: shared = [], ...operations } = item as { parameters?: Parameter[] };
    return Object.entries(operations).map(([method, operation]) => {
      const { parameters = [], requestBody, security, responses } = operation as {
        parameters?: Parameter[];
        requestBody?: { content: Record<string, { schema: Schema }> };
        security?: Record<string, unknown>[];
        responses: Record<string, { content: Record<string, { schema: Schema }> }>;
      };
      const [body] = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => ({
        type,
        schema,
      }));
      return {
        method: method.toUpperCase(),
        path,
        parameters: [...shared, ...parameters],
        writer: Object.keys(security?.[0] ?? {})[0] ?? null,
        body: body ?? null,
        answers: new Map(
          Object.entries(responses).map(([status, { content }]) => [
            Number(status),
            content["application/json"]?.schema ?? assert.fail(`${path} ${status} has no JSON`),
          ]),
        ),
      };
    });
  });
}

const readers = new WeakMap<Schema, z.ZodType>();

/** Fails unless the answer is one that the description names, down to each field. */
export async function assertDescribed(operation: Operation, answer: Response): Promise<void> {
  const about = `${operation.method} ${operation.path} answered ${answer.status}`;
  const text = await answer.text();
  const schema = operation.answers.get(answer.status);
  assert.ok(schema, `${about}, which is not described: ${text.slice(0, 300)}`);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/, about);
  const parsed = readerOf(schema).safeParse(JSON.parse(text));
  assert.ok(parsed.success, `${about} with another shape: ${parsed.error && z.prettifyError(parsed.error)}`);
}

/** Fails when a body was accepted that the description rules out. */
export function assertAllowed(operation: Operation, body: string): void {
  if (operation.body?.type !== "application/json") return;
  const parsed = readerOf(operation.body.schema).safeParse(JSON.parse(body));
  const about = `${operation.method} ${operation.path} accepted ${body}`;
  assert.ok(
    parsed.success,
    `${about}, which the description rules out: ${parsed.error && z.prettifyError(parsed.error)}`,
  );
}

function readerOf(schema: Schema): z.ZodType {
  const reader = readers.get(schema) ?? z.fromJSONSchema(schema);
  readers.set(schema, reader);
  return reader;
}

/** Puts each `$ref` into its place. */
function resolved(document: { paths: object; components: { schemas: Record<string, unknown> } }): {
  paths: Record<string, unknown>;
} {
  const text = JSON.stringify({ paths: document.paths });
  return JSON.parse(
    text.replace(
      /\{"\$ref":"#\/components\/schemas\/(\w+)"\}/g,
      (_all, name: string) => JSON.stringify(document.components.schemas[name]),
    ),
  );
}

/** Values that fit a schema. */
export function fitting(schema: Schema): fc.Arbitrary<unknown> {
  const one = (of: unknown) => fitting(of as Schema);
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  for (const key of ["anyOf", "oneOf"]) {
    const all = schema[key];
    if (Array.isArray(all)) return fc.oneof(...all.map(one));
  }
  switch (schema.type) {
    case "string":
      return typeof schema.pattern === "string"
        ? fc.stringMatching(new RegExp(schema.pattern))
        : fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.constant("https://example.org/"));
    case "integer":
      return fc.integer({
        min: Number(schema.minimum ?? -5),
        max: Math.min(Number(schema.maximum ?? 300), 300),
      });
    case "number":
      return fc.double({ min: 0, max: 1, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(one(schema.items ?? {}), { maxLength: 4 });
    case "object": {
      const required = (schema.required ?? []) as string[];
      const fields = Object.entries((schema.properties ?? {}) as Record<string, Schema>);
      const record = Object.fromEntries(fields.map(([name, field]) => [name, one(field)]));
      return fc.record(record, { requiredKeys: required.filter((name) => name in record) });
    }
    default:
      return fc.jsonValue();
  }
}
