import * as z from "zod";
import { runResult } from "./result.ts";

/** `result.json` as a JSON Schema (2020-12), for readers in any language. */
export function resultSchema(): Record<string, unknown> {
  return {
    title: "cc-ci result",
    description:
      "What one run of cc-ci found out about a recipe at one commit: `result.json` of a run folder",
    ...z.toJSONSchema(runResult, { io: "output" }),
  };
}

/** The schema as the repository publishes it. */
export function schemaText(): string {
  return `${JSON.stringify(resultSchema(), null, 2)}\n`;
}

// `deno run -A protocol/result_schema.ts` writes the published file anew.
if (import.meta.main) {
  await Deno.writeTextFile(new URL("result.schema.json", import.meta.url), schemaText());
}
