import { equal } from "node:assert/strict";
import { timeFor } from "./time_for.ts";

Deno.test("a part gets what the stage can spare, and is never cut short for a stage that comes to its end", () => {
  const of = (seconds: number, most?: number) =>
    timeFor({ remaining: () => 1000 * seconds }, {
      needs: 60_000,
      ...(most === undefined ? {} : { most: 1000 * most }),
    }) / 1000;
  equal(of(300), 280);
  equal(of(300, 60), 60);
  equal(of(80, 60), 60);
  // The stage's own end comes before these.
  equal(of(79), 99);
  equal(of(79, 60), 99);
  equal(of(3), 23);
});
