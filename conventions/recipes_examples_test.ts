import assert from "node:assert/strict";
import { join } from "node:path";
import type { Browser, Page } from "../harness/browser/types.ts";
import { runTests } from "../harness/recipe_tests/runner.ts";
import { httpsSite } from "../harness/testing/https_site.ts";
import { document } from "./testing/documents.ts";

const domain = "note-0a1b2c.ci.test";

/** TypeScript that a document shows. */
function examplesIn(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, source = ""]) => source);
}

/** The app that the examples are about, as a visitor sees it. */
function welcoming(): Browser {
  const page: Page = {
    goto: (url) => Promise.resolve({ status: 200, url }),
    url: () => `https://${domain}/`,
    title: () => Promise.resolve("Notes"),
    text: () => Promise.resolve("Welcome"),
    fill: () => Promise.resolve(),
    click: () => Promise.resolve(),
    waitFor: () => Promise.resolve(),
    screenshot: () => Promise.resolve(),
    consoleErrors: [],
    failedRequests: [],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    version: "x",
    sandbox: true,
    folder: "",
    page: () => Promise.resolve(page),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("docs/recipes.md: the examples type-check and pass as tests of a recipe", async () => {
  const examples = examplesIn(await document("docs/recipes.md"));
  assert.ok(examples.length > 0);
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  await using site = await httpsSite([domain], (request, response) => {
    response.writeHead(request.url === "/version" ? 200 : 404).end("1.2.3");
  });
  try {
    const files = examples.map((_, at) => join(folder, "recipe", `example${at}_test.ts`));
    await Deno.mkdir(join(folder, "recipe"));
    for (const [at, file] of files.entries()) await Deno.writeTextFile(file, examples[at] ?? "");
    const outcome = await runTests({
      files,
      tmp: join(folder, "tmp"),
      deno: Deno.execPath(),
      timeoutMs: 180_000,
      broker: {
        app: { recipe: "notes", domain, url: `https://${domain}`, stage: "install", version: "3fa9c1b7" },
        domains: [domain],
        ingress: { address: site.ingress, ca: await Deno.readTextFile(site.ca) },
        browser: welcoming(),
        services: ["app", "db"],
        screenshotsDir: folder,
        exec: () => Promise.resolve({ code: 0, stdout: "1\n", stderr: "" }),
      },
    });
    assert.deepEqual(outcome.failures, []);
    assert.equal(outcome.cause, null);
    assert.equal(outcome.passed, examples.join("").split(/^test\(/m).length - 1);
    assert.deepEqual(
      examples.filter((source) => source.includes("Deno.test")),
      [],
      "the kit has its own test()",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
