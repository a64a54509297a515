import assert from "node:assert/strict";
import { schemaText } from "./result_schema.ts";

Deno.test("the published JSON Schema is that of the results", async () => {
  const published = await Deno.readTextFile(new URL("result.schema.json", import.meta.url));
  assert.equal(published, schemaText(), "Renew it: deno run -A protocol/result_schema.ts");
});
