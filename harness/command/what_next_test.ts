import assert from "node:assert/strict";
import { whatNext } from "./what_next.ts";

Deno.test("what to type next finds the enrolment in whichever folder it was written to, also in another shell", () => {
  const at = { recipe: "wiki", folder: "/my recipes/wiki", target: "/src/my wiki" };
  const commands = (recipes: string | null) =>
    whatNext(null, { ...at, recipes }).flatMap((line) =>
      /(?:CCCI_\S.*)?\.\/cc-ci[^,(]*/.exec(line)?.[0].trim() ?? []
    );
  const usual = [
    "./cc-ci run-recipe '/src/my wiki'",
    "./cc-ci run-recipe '/src/my wiki' --only install --keep",
    "./cc-ci run-recipe '/src/my wiki' --tests-only after each change",
  ];
  assert.deepEqual(commands(null), usual);
  assert.deepEqual(commands("/my recipes"), usual.map((line) => `CCCI_RECIPES='/my recipes' ${line}`));
});
