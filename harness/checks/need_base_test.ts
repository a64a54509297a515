import assert from "node:assert/strict";
import { InfraFailure, StageFailure } from "../run/stage.ts";
import { SeedMistake } from "./data.ts";
import { needBase } from "./need_base.ts";

/** What becomes of an error of the published version, and what is logged of it. */
async function ofBase(error: Error) {
  const said: string[] = [];
  const base = {
    version: "1.0.0+1",
    trouble: "which takes no data",
    ctx: { log: (line: string) => void said.push(line) },
  };
  const became = await needBase(base, () => Promise.reject(error)).then(() => null, (error: Error) => error);
  return { became, said: said.filter((line) => line !== "") };
}

Deno.test("what fails with the published version blocks the upgrade, and the head is not blamed", async () => {
  const { became, said } = await ofBase(
    new StageFailure('Could not write data into service "app"', {
      detail: "exit code 3",
      tail: ["last line"],
    }),
  );
  assert.deepEqual([became?.name, became?.message], [
    "StageBlocked",
    'the published version 1.0.0+1, which takes no data: Could not write data into service "app"',
  ]);
  assert.deepEqual(said, ["exit code 3", "last line"]);
});

Deno.test("a seed that the published version does not know is not a mistake of recipe.yml for all versions", async () => {
  const { became } = await ofBase(new SeedMistake("recipe.yml: seed wrote nothing that read finds", {}));
  assert.equal(became?.name, "StageBlocked");
  assert.match(became?.message ?? "", /which takes no data: recipe\.yml: seed wrote nothing/);
});

Deno.test("what nobody checked, and trouble of the machine, stay what they are", async () => {
  for (
    const error of [
      new StageFailure("It holds more", { code: "confine.engine" }),
      new InfraFailure("Docker stopped answering"),
      new Error("A mistake of ours"),
    ]
  ) assert.equal((await ofBase(error)).became, error);
});

Deno.test("a step of the enrolment that fails at the published version fails as it does at the head", async () => {
  const error = new StageFailure("recipes/notes/seed.ts:3: no", { fault: "enrolment" });
  assert.equal((await ofBase(error)).became, error);
});
