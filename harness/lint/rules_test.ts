import assert from "node:assert/strict";
import { FIRM_RULES, PERMITTABLE_RULES } from "../../enrolment/rules.ts";

const root = new URL("../..", import.meta.url);

/** Ids of rules as the source writes them. */
async function rulesIn(folder: URL): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) {
      if (!["fixtures", "report", "testing"].includes(name)) {
        found.push(...await rulesIn(new URL(`${name}/`, folder)));
      }
    } else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      const text = await Deno.readTextFile(new URL(name, folder));
      found.push(
        ...[
          ...text.matchAll(
            /"((?:confine|lint|parse)\.[a-z-]+|abra\.lint|enrolment\.(?:merged-ports|names|value))"/g,
          ),
        ].map((
          [, id = ""],
        ) => id),
      );
    }
  }
  return found;
}

Deno.test("every rule that a finding may name is explained in docs/recipes.md, and known to what reads `exceptions`", async () => {
  const text = await Deno.readTextFile(new URL("docs/recipes.md", root));
  const rules = [...new Set(await rulesIn(new URL("harness/", root)))];
  assert.ok(rules.length > 30, "the source names its rules some other way now");
  const aboutTests = await Promise.all(
    ["recipe_tests/mistakes.ts", "checks/check_tests.ts"].map(async (path) =>
      (await Deno.readTextFile(new URL(`harness/${path}`, root))).match(/"tests\.[a-z]+"/g) ?? []
    ),
  );
  rules.push(...aboutTests.flat().map((quoted) => quoted.slice(1, -1)));
  assert.ok(rules.includes("tests.import") && rules.includes("tests.name"));
  assert.deepEqual(rules.filter((rule) => !text.includes(`\`${rule}\``)), []);
  assert.deepEqual([...PERMITTABLE_RULES, ...FIRM_RULES].toSorted(), [...new Set(rules)].toSorted());
});
