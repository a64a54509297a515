import assert from "node:assert/strict";
import { forgeVersion } from "./version.ts";

Deno.test("forgeVersion() tells Forgejo from Gitea, and what is older than what the bridge was made for", () => {
  const cases: [string, string, string, string | null][] = [
    ["1.26.0", "Gitea", "1.26.0", null],
    ["1.22.0+dev-12-gabcdef", "Gitea", "1.22.0+dev-12-gabcdef", null],
    ["1.21.11", "Gitea", "1.21.11", "1.22"],
    ["development", "Gitea", "development", null],
    ["15.0.3+gitea-1.22.0", "Forgejo", "15.0.3", null],
    ["7.0.5+gitea-1.21.11", "Forgejo", "7.0.5", "11.0"],
  ];
  for (const [said, name, version, tooOldFor] of cases) {
    assert.deepEqual(forgeVersion(said), { name, version, tooOldFor });
  }
});
