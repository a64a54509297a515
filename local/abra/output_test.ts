import { deepEqual, equal } from "node:assert/strict";
import { parseLint } from "../../harness/abra/output.ts";
import { bordered } from "./output.ts";

Deno.test("cells that are too long go on in the next line, and every line is as wide as the others", () => {
  const help = "replace lightweight tag with annotated tag, and delete the lightweight one";
  const header = ["REF", "RULE", "SEVERITY", "SATISFIED", "SKIPPED", "HOW TO FIX"];
  const lines = bordered(header, [
    ["R014", "only annotated tags used for recipe version", "error", "❌", "-", help],
    ["R015", "long secret names", "warn", "✅", "-", "x".repeat(90)],
  ]).split("\n");
  equal(lines.length, 4 + 2 + 3);
  const width = (line: string) => line.length + (line.match(/[✅❌]/g)?.length ?? 0);
  deepEqual([...new Set(lines.map(width))].length, 1);
  deepEqual(parseLint(lines).map(({ rule, description, help }) => [rule, description, help]).slice(0, 1), [
    ["R014", "only annotated tags used for recipe version", help],
  ]);
});
