import assert from "node:assert/strict";
import { join } from "node:path";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Browser, Page } from "../harness/browser/types.ts";
import { kitFiles, kitNames } from "../harness/recipe_tests/kit_files.ts";
import { runTests, type TestOutcome } from "../harness/recipe_tests/runner.ts";
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

/** Where the app of the examples answers, and how. */
function notes(request: IncomingMessage, response: ServerResponse): void {
  const { url = "", method = "GET", headers } = request;
  const at = `${method} ${headers.host === domain ? "" : "files:"}${url}`;
  const answers: Record<string, string> = {
    "GET /version": "1.2.3",
    "GET /healthcheck": "OK",
    "POST /import": "done",
    "POST /notes": "noted",
    "GET /notes/m4rk": "m4rk: milk",
    "POST /tokens": "s3cret",
    "GET /feed.xml": `<link href="https://${domain}/"/>`,
    "GET files:/logo.png": "PNG",
    "GET files:/": "Notes",
  };
  const client = JSON.stringify({ client_id: "notes", client_secret: "s3cret" });
  if (at === "POST /reg") {
    response.writeHead(headers.authorization === "Bearer r3gister" ? 201 : 401).end(client);
  } else if (at === "GET /old") response.writeHead(301, { location: "/new" }).end();
  else if (at === "GET /search?q=milk") response.writeHead(++searches > 2 ? 200 : 404).end("milk");
  else if (at === "GET /me") response.writeHead(headers.authorization === "Bearer s3cret" ? 200 : 401).end();
  else response.writeHead(at in answers ? 200 : 404).end(answers[at]);
}

/** How often somebody has searched: what was added is found the third time. */
let searches = 0;

/** A mail server that greets and says goodbye. */
function mail(socket: Socket): void {
  socket.on("error", () => {});
  socket.write("220 mail.test\r\n");
  socket.on("data", () => socket.end("221 Bye\r\n"));
}

/** Runs examples as tests of a recipe, against an app that is as they say. */
async function run(examples: readonly string[]): Promise<TestOutcome> {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const [files, www] = [`${domain.split(".")[0]}-files.ci.test`, `${domain.split(".")[0]}-www.ci.test`];
  await using site = await httpsSite([domain, files, www], notes);
  const smtp = createServer(mail);
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  const { port } = smtp.address() as AddressInfo;
  try {
    const paths = examples.map((_, at) => join(folder, "recipe", `example${at}_test.ts`));
    await Deno.mkdir(join(folder, "recipe"));
    for (const [at, path] of paths.entries()) await Deno.writeTextFile(path, examples[at] ?? "");
    const url = `https://${domain}`;
    return await runTests({
      files: paths,
      tmp: join(folder, "tmp"),
      deno: Deno.execPath(),
      timeoutMs: 180_000,
      broker: {
        app: {
          recipe: "notes",
          domain,
          domains: { files, www },
          url,
          stage: "install",
          version: "3fa9c1b7",
          marker: "m4rk",
        },
        domains: [domain, files, www],
        ingress: { address: site.ingress, ca: await Deno.readTextFile(site.ca) },
        browser: welcoming(),
        services: ["app", "db"],
        secrets: { api_token: "s3cret", registration_token: "r3gister" },
        handed: { token: { value: "s3cret", secret: true } },
        hand: () => {},
        locate: (target, asked) =>
          target === "app" && asked === 25
            ? Promise.resolve({ host: "127.0.0.1", port })
            : Promise.reject(new Error(`Nobody listens on port ${asked}`)),
        screenshotsDir: folder,
        exec: () => Promise.resolve({ code: 0, stdout: "1\n", stderr: "" }),
      },
    });
  } finally {
    await new Promise((resolve) => smtp.close(resolve));
    await Deno.remove(folder, { recursive: true });
  }
}

/** Number of tests that examples define. */
function testsIn(examples: readonly string[]): number {
  return examples.join("").split(/^(?:test|setup|seed|read)\(/m).length - 1;
}

/** The example in the comment of each function of the kit, by the function's name, and the kit's own under `mod`. */
function kitExamples(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const text of Object.values(kitFiles)) {
    const comments = text.matchAll(
      /\/\*\*\n((?: \*.*\n)*?) \*\/\n(?:export (?:async )?(?:function|const|class) (\w+))?/g,
    );
    for (const [, comment = "", name = "mod"] of comments) {
      const [example] = examplesIn(comment.replaceAll(/^ \* ?/gm, ""));
      if (example !== undefined) found[name] = example;
    }
  }
  return found;
}

Deno.test("docs/recipes.md and the kit: every example type-checks and passes as a test of a recipe", async () => {
  const documented = examplesIn(await document("docs/recipes.md"));
  assert.ok(documented.length > 0);
  const kit = kitExamples();
  const names = kitNames();
  assert.ok(names.includes("fetch"), "the kit exports its functions some other way now");
  assert.deepEqual(names.filter((name) => kit[name] === undefined), [], "functions without an example");
  assert.deepEqual(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(kit[name] ?? "")), []);
  const examples = [...documented, ...Object.values(kit)];
  const outcome = await run(examples);
  assert.deepEqual(outcome.failures, []);
  assert.equal(outcome.cause, null);
  assert.equal(outcome.passed, testsIn(examples));
  const own = examples.filter((source) => source.includes("Deno.test"));
  assert.deepEqual(own, [], "the kit has its own test()");
});
