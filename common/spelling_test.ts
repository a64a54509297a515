import assert from "node:assert/strict";
import { distance, probablyMeant } from "./spelling.ts";

Deno.test("distance() counts letters inserted, deleted and replaced", () => {
  assert.deepEqual(
    [["same", "same"], ["helth", "health"], ["titel", "title"], ["", "abc"], ["abc", ""]].map((
      [from = "", to = ""],
    ) => distance(from, to)),
    [0, 1, 2, 3, 3],
  );
});

Deno.test("probablyMeant() takes the nearest word, and none that is too far away", () => {
  const known = ["repo", "upstream", "health", "extra_domains", "seed", "read"];
  assert.equal(probablyMeant("rpo", known), "repo");
  assert.equal(probablyMeant("Health", known), "health");
  assert.equal(probablyMeant("extradomain", known), "extra_domains");
  assert.equal(probablyMeant("reed", known), "seed");
  assert.equal(probablyMeant("titel", ["path", "title"]), "title");
  assert.equal(probablyMeant("haed", ["base", "head"]), "head");
  assert.equal(probablyMeant("prot", ["port"]), "port");
  assert.equal(probablyMeant("opts", ["port", "path"]), null);
  for (const word of ["", "re", "url", "wealthy!", "x".repeat(100_000)]) {
    assert.equal(probablyMeant(word, known), null, word.slice(0, 20));
  }
});
