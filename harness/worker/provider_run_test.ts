import assert from "node:assert/strict";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import { setUpFileOf } from "./provider_run.ts";

Deno.test("a provider is set up by the file of whoever brings one, also where others need it as it is", () => {
  const needing = (recipe: string, setup?: string) => ({
    enrolment: { ...defaultEnrolment(recipe), folder: `/recipes/${recipe}` },
    need: { recipe: "login", ...(setup === undefined ? {} : { setup }) },
    domains: [],
  });
  assert.equal(setUpFileOf([needing("mail"), needing("files")]), null);
  assert.deepEqual(setUpFileOf([needing("mail"), needing("files", "oidc.ts")]), {
    recipe: "files",
    file: "/recipes/files/oidc.ts",
    where: "recipes/files/oidc.ts",
  });
});
