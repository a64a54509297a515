import assert from "node:assert/strict";
import { EnrolmentError, loadEnrolment } from "./enrolment.ts";
import { settleValues } from "./settle_values.ts";

/** An enrolment with this `recipe.yml` and these files beside it. */
async function withRecipe<T>(
  yml: string,
  { files = {}, work }: {
    files?: Record<string, string | Uint8Array>;
    work: (recipes: string) => Promise<T>;
  },
): Promise<T> {
  const recipes = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${recipes}/wiki`);
    for (const [name, text] of Object.entries({ "recipe.yml": `repo: a/wiki\n${yml}`, ...files })) {
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      await Deno.writeFile(`${recipes}/wiki/${name}`, bytes);
    }
    return await work(recipes);
  } finally {
    await Deno.remove(recipes, { recursive: true });
  }
}

const yml = `
secrets:
  given: { value: 12345678 }
  made: { length: 4, charset: hex }
  key: { file: key.pem }
env:
  PLAIN: 7
  SMTP_PASSWORD: hunter2hunter2
  SECRET_X_VERSION: v1
  SALTED: { generate: 3, only: head }
`;

Deno.test("what is made up or lies in a file is settled once, and what is secret is said to be", async () => {
  const settled = await withRecipe(yml, {
    files: { "key.pem": "-----KEY\n" },
    work: async (recipes) => settleValues(await loadEnrolment(recipes, "wiki"), (limit) => limit - 1),
  });
  assert.deepEqual(settled.enrolment.secrets, {
    given: { value: "12345678" },
    made: { value: "ffff" },
    key: { value: "-----KEY\n" },
  });
  assert.deepEqual(settled.enrolment.env, {
    PLAIN: { value: "7" },
    SMTP_PASSWORD: { value: "hunter2hunter2" },
    SECRET_X_VERSION: { value: "v1" },
    SALTED: { only: "head", value: "ZZZ" },
  });
  assert.deepEqual(settled.hidden.map(({ what }) => what), [
    'secret "given"',
    'secret "made"',
    'secret "key"',
    'setting "SMTP_PASSWORD"',
    'setting "SALTED"',
  ]);
});

Deno.test("a run's own random values have the length and the characters asked for", async () => {
  const { enrolment } = await withRecipe(
    "secrets: { a: { length: 200, charset: special }, b: { length: 200 } }\n",
    {
      work: async (recipes) => settleValues(await loadEnrolment(recipes, "wiki")),
    },
  );
  assert.match(enrolment.secrets.a?.value ?? "", /^[A-Za-z0-9!@#%^&*_+=-]{200}$/);
  assert.match(enrolment.secrets.b?.value ?? "", /^[A-Za-z0-9]{200}$/);
});

Deno.test("a file that is missing, elsewhere or no text is named with the line that asks for it", async () => {
  const cases: [name: string, told: string][] = [
    ["gone.pem", "which is not there, or cannot be read"],
    ["../../etc/passwd", "which is not there, or cannot be read"],
    ["..", "which does not lie beside recipe.yml"],
    ["empty", "which is empty"],
    ["binary", "which is no text"],
  ];
  const files = { empty: "", binary: new Uint8Array([0xff, 0xfe]) };
  for (const [name, told] of cases) {
    await withRecipe(`secrets:\n  key: { file: "${name}" }\n`, {
      files,
      work: (recipes) =>
        assert.rejects(loadEnrolment(recipes, "wiki"), (error: EnrolmentError) => {
          assert.equal(
            error.message,
            `"${recipes}/wiki/recipe.yml" is invalid: line 3, column 10: "secrets.key.file" names "${name}", ${told}`,
          );
          return true;
        }),
    });
  }
});
