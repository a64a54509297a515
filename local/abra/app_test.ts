import { deepEqual, equal } from "node:assert/strict";
import { splitType, writeVersion } from "./app.ts";

Deno.test("the version is written behind the recipe and nowhere else", () => {
  const text = "TYPE=custom-html\n\nDOMAIN=a.example.com\n";
  const written = writeVersion(text, "1.0.0+1.22.1");
  equal(written, "TYPE=custom-html:1.0.0+1.22.1\n\nDOMAIN=a.example.com\n");
  equal(writeVersion(written, "abcdef12+U"), "TYPE=custom-html:abcdef12+U\n\nDOMAIN=a.example.com\n");
  deepEqual(splitType("custom-html:1.0.0+1.22.1"), { recipe: "custom-html", version: "1.0.0+1.22.1" });
  deepEqual(splitType("custom-html"), { recipe: "custom-html", version: undefined });
});
