import { posix } from "node:path";

/** A place in a source file where it names another file of the tree. */
export interface NamedFile {
  node: Deno.lint.Node;
  /** As written, e.g. `../lint/finding.ts`. */
  specifier: string;
  /** `import` takes what the file exports, at once, later or as a type alone; `path` only asks where it lies. */
  by: "import" | "path";
}

/** What a visitor tells of the file that it walks through. */
interface Told {
  named(file: NamedFile): void;
  /** An `import(…)` whose path is computed, which nobody can follow. */
  computed(node: Deno.lint.Node): void;
}

/**
 * A visitor for a lint rule that finds every way to name another file: imports, also of types alone, re-exports,
 * `import("…")` as a call and as a type, `require("…")`, `import a = require("…")`, `import.meta.resolve("…")` and
 * `new URL("….ts", import.meta.url)`.
 */
export function namedFilesVisitor(told: Told): Deno.lint.LintVisitor {
  const importedBy = (node: { source: Deno.lint.StringLiteral | null }) => {
    if (node.source !== null) told.named({ node: node.source, specifier: node.source.value, by: "import" });
  };
  return {
    ImportDeclaration: importedBy,
    ExportNamedDeclaration: importedBy,
    ExportAllDeclaration: importedBy,
    ImportExpression(node) {
      const specifier = fixedText(node.source);
      if (specifier === undefined) told.computed(node);
      else told.named({ node: node.source, specifier, by: "import" });
    },
    TSImportType(node) {
      if (node.argument.type !== "TSLiteralType") return;
      const specifier = fixedText(node.argument.literal);
      if (specifier !== undefined) told.named({ node, specifier, by: "import" });
    },
    TSExternalModuleReference(node) {
      const specifier = fixedText(node.expression);
      if (specifier !== undefined) told.named({ node, specifier, by: "import" });
    },
    CallExpression(node) {
      const { callee } = node;
      const specifier = fixedText(node.arguments[0]);
      if (callee.type === "Identifier" && callee.name === "require") {
        if (specifier === undefined) told.computed(node);
        else told.named({ node, specifier, by: "import" });
      }
      if (callee.type !== "MemberExpression" || callee.object.type !== "MetaProperty") return;
      if (memberOf(callee) === "resolve" && specifier !== undefined) {
        told.named({ node, specifier, by: "path" });
      }
    },
    NewExpression(node) {
      const { callee } = node;
      const made = callee.type === "Identifier"
        ? callee.name
        : callee.type === "MemberExpression" && callee.object.type === "Identifier" &&
            callee.object.name === "globalThis"
        ? memberOf(callee)
        : undefined;
      const specifier = fixedText(node.arguments[0]);
      if (made !== "URL" || specifier === undefined || !/\.tsx?$/.test(specifier)) return;
      const whole = /^(\.{1,2}\/|\/|file:)/.test(specifier);
      if (node.arguments.length < 2 && !specifier.startsWith("file:")) return;
      told.named({ node, specifier: whole ? specifier : `./${specifier}`, by: "path" });
    },
  };
}

/** Name of the member that `a.b` or `a["b"]` takes. */
function memberOf({ property, computed }: Deno.lint.MemberExpression): string | undefined {
  if (computed) return fixedText(property);
  return property.type === "Identifier" ? property.name : undefined;
}

/** The text of a string, or of a template that nothing is put into. */
function fixedText(node: Deno.lint.Node | undefined): string | undefined {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0]?.cooked;
  return undefined;
}

/** Names of the import map that mean a file of this tree, e.g. `cc-ci` → `harness/kit/mod.ts`. */
export function ownNames(denoJson: string): Map<string, string> {
  const { imports = {} } = JSON.parse(denoJson) as { imports?: Record<string, string> };
  return new Map(
    Object.entries(imports)
      .filter(([, target]) => target.startsWith("./"))
      .map(([name, target]) => [name, posix.normalize(target)]),
  );
}

/** Whether a specifier names a file by its place on one machine: `/house/a.ts` or `file:///house/a.ts`. */
export function isAbsolute(specifier: string): boolean {
  return /^(\/|file:)/i.test(specifier);
}

/** Path from the root of the tree that a specifier means, or undefined when it is not a file of the tree. */
export function pathNamed(
  specifier: string,
  { from, names }: { from: string; names: Map<string, string> },
): string | undefined {
  if (/^\.{1,2}\//.test(specifier)) {
    const path = posix.join(posix.dirname(from), specifier);
    return path.startsWith("../") ? undefined : path;
  }
  return names.get(specifier);
}
