import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import * as z from "zod";
import { unitFiles, unitFolders } from "../../e2e/suites.ts";

const pipeline = z.object({
  kind: z.literal("pipeline"),
  type: z.literal("exec"),
  name: z.string(),
  clone: z.object({ disable: z.boolean() }).optional(),
  trigger: z.object({ event: z.array(z.string()) }),
  steps: z.array(z.object({ name: z.string(), commands: z.array(z.string()).min(1) })),
});

const text = await Deno.readTextFile(new URL("../../.drone.yml", import.meta.url));

Deno.test(".drone.yml runs the installed harness for our builds alone, and our own tests on a push", () => {
  const documents = parseAllDocuments(text);
  const pipelines = z.array(pipeline).parse(documents.map((document) => document.toJS()));
  const events = pipelines.map(({ name, trigger }) => [name, trigger.event]);
  assert.deepEqual(events, [["recipe-ci", ["custom"]], ["self-test", ["push"]]]);
  const [recipes, ours] = pipelines;
  assert.deepEqual(recipes?.clone, { disable: true });
  assert.equal(recipes?.steps.length, 1, "a second step would not run after a cancel");
  assert.match(
    recipes?.steps[0]?.commands.join("\n") ?? "",
    /^setpriv --pdeathsig TERM -- cc-ci-harness ci$/,
  );
  const [call = ""] = ours?.steps.find(({ name }) => name === "unit")?.commands ?? [];
  const paths = call.split(" ").filter((word) => !["deno", "test"].includes(word) && !word.startsWith("-"));
  assert.deepEqual(paths.sort(), [...unitFolders, ...unitFiles].sort());
});

Deno.test(".drone.yml leaves Drone nothing to substitute: parameters reach the harness by environment only", () => {
  assert.doesNotMatch(text, /\$\{/);
  assert.doesNotMatch(text, /^\s*environment:/m);
  assert.doesNotMatch(text, /^\s*concurrency:/m, "a dead runner's stage would block the queue");
});
