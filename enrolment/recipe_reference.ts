import * as z from "zod";
import { stringify } from "yaml";
import { isRecord } from "../common/is_record.ts";
import { jsonSchema } from "./known_keys.ts";

type Node = Exclude<z.core.JSONSchema._JSONSchema, boolean>;

const INTRODUCTION = `# All keys of recipe.yml

This file is made from the schema (\`deno run -A enrolment/recipe_schema.ts\` writes both anew), which editors read as [enrolment/recipe.schema.json](../enrolment/recipe.schema.json). [recipes.md](recipes.md) says by tasks what the keys are for. \`*\` stands for each entry of a list, and for each name where names are free.
`;

/** The keys of `recipe.yml` as a document for people: a section for each key of the file, with all keys below it. */
export function referenceText(): string {
  const { properties = {}, required = [] } = jsonSchema() as Node;
  const sections = Object.entries(properties).map(([name, node]) =>
    section(name, node, required.includes(name))
  );
  return [INTRODUCTION, ...sections].join("\n");
}

function section(name: string, node: unknown, required: boolean): string {
  const key = asNode(node);
  const rows = [...below(key, name)].map(({ path, inner, needed }) =>
    `| ${code(path)} | ${cell(inner.description ?? "")} | ${kindOf(inner)} | ${standard(inner, needed)} |`
  );
  const table = rows.length === 0
    ? ""
    : ["", "| key | meaning | what it takes | without it |", "| --- | --- | --- | --- |", ...rows, ""].join(
      "\n",
    );
  return [
    `## ${name}`,
    "",
    `${sentence(key.description ?? "")} ${taken(key, required)}`,
    ...example(name, key),
    table,
  ].join("\n");
}

function taken(key: Node, required: boolean): string {
  const kind = `It takes ${kindOf(key)}`;
  if (required) return `${kind}, and has to be there.`;
  const value = standard(key, false);
  return value === "-"
    ? `${kind}.`
    : `${kind}; without it ${value === "none" ? "there is none" : `${value} holds`}.`;
}

/** All keys below a key, in order. */
function* below(
  node: Node,
  path: string,
): Generator<{ path: string; inner: Node; needed: boolean }> {
  for (const form of formsOf(node)) {
    for (const [name, value] of Object.entries(form.properties ?? {})) {
      const inner = asNode(value);
      yield { path: `${path}.${name}`, inner, needed: form.required?.includes(name) ?? false };
      yield* below(inner, `${path}.${name}`);
    }
    const names = asNode(form.propertyNames).enum;
    if (names !== undefined) {
      const inner = asNode(form.additionalProperties);
      yield {
        path: `${path}.*`,
        inner: { ...inner, description: `One of ${names.map((one) => code(String(one))).join(", ")}` },
        needed: false,
      };
    } else if (typeof form.additionalProperties === "object") {
      yield* below(asNode(form.additionalProperties), `${path}.*`);
    }
    if (typeof form.items === "object") yield* below(asNode(form.items), `${path}.*`);
  }
}

function formsOf(node: Node): Node[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap((one) => formsOf(asNode(one)));
}

function asNode(value: unknown): Node {
  return isRecord(value) ? value as Node : {};
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "keys",
};

/** What a value of a key is: `text`, `a number or a list`, or the values that there are. */
function kindOf(node: Node): string {
  const all = formsOf(node).map((form) => {
    const values = form.enum ?? (form.const === undefined ? undefined : [form.const]);
    if (values !== undefined) return values.map((one) => code(String(one))).join(", ");
    const types: readonly unknown[] = Array.isArray(form.type) ? form.type : [form.type];
    const kind = types.map((type) => kinds[String(type)] ?? "a value").join(", ");
    if (form.type === "object" && form.additionalProperties !== undefined && form.properties === undefined) {
      return asNode(form.propertyNames).enum === undefined ? "names with values" : kind;
    }
    return kind;
  });
  const each = [...new Set(all)];
  return each.length < 2 ? each.join("") : `${each.slice(0, -1).join(", ")} or ${each.at(-1)}`;
}

function standard(node: Node, needed: boolean): string {
  if (needed) return "required";
  const { default: value } = node;
  if (value === undefined || value === null) return "-";
  if (Array.isArray(value) && value.length === 0) return "none";
  if (typeof value === "object" && Object.keys(value).length === 0) return "-";
  return code(typeof value === "object" ? JSON.stringify(value) : String(value));
}

/** The first example of a key as it stands in the file; one without has its keys' examples. */
function example(name: string, node: Node): string[] {
  const own = node.examples?.[0];
  const whole = own ?? fromKeys(node);
  if (whole === undefined) return [];
  return ["", "```yaml", stringify({ [name]: whole }, { lineWidth: 0 }).trimEnd(), "```"];
}

function fromKeys({ properties }: Node): Record<string, unknown> | undefined {
  const found = Object.entries(properties ?? {}).flatMap(([name, node]) => {
    const [first] = asNode(node).examples ?? [];
    return first === undefined || name === "none" ? [] : [[name, first]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A sentence in a table: a bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
