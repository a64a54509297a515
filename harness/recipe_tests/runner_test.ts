import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../../common/exec.ts";
import type { Ingress } from "../../common/ingress.ts";
import type { BrokerOptions } from "./broker_types.ts";
import type { Browser, Page } from "../browser/browser.ts";
import { httpsSite } from "../testing/https_site.ts";
import { runTests, type TestOutcome } from "./runner.ts";

const app = {
  recipe: "notes",
  domain: "note-0a1b2c.ci.test",
  domains: { files: "note-0a1b2c-files.ci.test" },
  url: "https://note-0a1b2c.ci.test",
  stage: "install",
  version: "3fa9c1b7",
  marker: "m4rk",
};

/** Deno's cache for all children here, so that only the first pays for an empty one. */
const denoDir = await Deno.makeTempDir({ prefix: "ccci-test-" });
globalThis.addEventListener("unload", () => Deno.removeSync(denoDir, { recursive: true }));

interface Run {
  outcome: TestOutcome;
  lines: string[];
  /** What reached the world behind the broker. */
  calls: string[];
}

async function run(
  source: string,
  options: {
    timeoutMs?: number;
    signal?: AbortSignal;
    /** Sees each line that the tests print. */
    onLine?: (line: string) => void;
    typeCheck?: boolean;
    confined?: boolean;
    /** The proxy in front of the app. */
    ingress?: Ingress;
    /** Name of the file. @default install_test.ts */
    name?: string;
    /** Takes what is handed on. */
    hand?: BrokerOptions["hand"];
    /** More files of the recipe's test folder. */
    more?: Record<string, string>;
  } = {},
): Promise<Run> {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const calls: string[] = [];
  const lines: string[] = [];
  try {
    const file = join(folder, "recipe", options.name ?? "install_test.ts");
    await Deno.mkdir(join(folder, "recipe"));
    await Deno.writeTextFile(file, source);
    await Deno.writeTextFile(join(folder, "secret.txt"), "host");
    for (const [name, text] of Object.entries(options.more ?? {})) {
      await Deno.writeTextFile(join(folder, "recipe", name), text);
    }
    const others = Object.keys(options.more ?? {}).filter((name) => name.endsWith("_test.ts"));
    const outcome = await runTests({
      files: [file, ...others.map((name) => join(folder, "recipe", name))],
      confined: options.confined ?? false,
      tmp: join(folder, "tmp"),
      deno: Deno.execPath(),
      denoDir,
      timeoutMs: options.timeoutMs ?? 180_000,
      onLine(line) {
        lines.push(line);
        options.onLine?.(line);
      },
      typeCheck: options.typeCheck ?? false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      broker: {
        app,
        domains: [app.domain],
        ingress: options.ingress ?? { address: "127.0.0.1:1" },
        browser: fakeBrowser(calls),
        services: ["app", "db"],
        secrets: { admin: "s3cret" },
        handed: { token: { value: "t0ken", secret: true } },
        ...(options.hand === undefined ? {} : { hand: options.hand }),
        screenshotsDir: folder,
        screenshotPrefix: "install-",
        exec(service, argv, { stdin }) {
          calls.push(`${service}: ${argv.join(" ")}${stdin === undefined ? "" : ` < ${stdin}`}`);
          const code = argv[0] === "false" ? 1 : 0;
          return Promise.resolve({
            code,
            stdout: argv.slice(1).join(" "),
            stderr: code === 1 ? "no such thing" : "",
          });
        },
      },
    });
    await assert.rejects(Deno.stat(join(folder, "tmp")), Deno.errors.NotFound);
    return { outcome, lines, calls };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function fakeBrowser(calls: string[]): Browser {
  const page: Page = {
    goto: (url) => (calls.push(`goto ${url}`), Promise.resolve({ status: 200, url })),
    url: () => app.url,
    title: () => Promise.resolve("Notes"),
    text: (selector) => Promise.resolve(`text of ${selector ?? "page"}`),
    fill: (selector, text) => (calls.push(`fill ${selector} ${text}`), Promise.resolve()),
    click: (selector) => (calls.push(`click ${selector}`), Promise.resolve()),
    waitFor: (what) => (calls.push(`wait ${"text" in what ? what.text : what.selector}`), Promise.resolve()),
    screenshot: (path) => (calls.push(`picture ${path.split("/").at(-1)}`), Promise.resolve()),
    consoleErrors: ["oh"],
    failedRequests: [],
    [Symbol.asyncDispose]: () => (calls.push("page closed"), Promise.resolve()),
  };
  return {
    version: "x",
    sandbox: true,
    folder: "",
    page: () => Promise.resolve(page),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

Deno.test("an answer of any status that a server can send is a result", async () => {
  await using site = await httpsSite([app.domain], (request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end("ignored with some");
  });
  const { outcome, lines } = await run(
    `
import { equal } from "node:assert/strict";
import { fetch, test } from "cc-ci";
for (const status of [200, 204, 205, 304, 404, 599, 600, 999]) {
  test(\`status \${status}\`, async () => {
    const answer = await fetch(\`/\${status}\`);
    equal(answer.status, status);
    equal(answer.ok, status < 300);
  });
}
`,
    { ingress: { address: site.ingress, ca: await Deno.readTextFile(site.ca) } },
  );
  assert.deepEqual([outcome.ok, outcome.passed], [true, 8], lines.join("\n"));
});

Deno.test("a test works with the app through the kit alone", async () => {
  const { outcome, calls } = await run(`
import { deepEqual, equal, rejects } from "node:assert/strict";
import { app, exec, page, secret, test } from "cc-ci";

test("knows the app", () => {
  deepEqual([app.recipe, app.url, app.stage, app.version], ["notes", "${app.url}", "install", "3fa9c1b7"]);
});
test("runs commands", async () => {
  equal((await exec("app", ["echo", "a b", "$HOME"], { stdin: "in" })).stdout, "a b $HOME");
  equal((await exec("db", ["false"], { anyExitCode: true })).code, 1);
  await rejects(exec("db", ["false"]), /"false" in service "db" ended with exit code 1: no such thing/);
  equal(await secret("admin"), "s3cret");
});
test("drives the browser", async () => {
  const p = await page("/login");
  await p.fill("#user", "ann");
  await p.click("#go");
  await p.waitFor({ text: "hello" });
  await p.waitFor({ selector: "h1" });
  equal(await p.title(), "Notes");
  equal(await p.text("h1"), "text of h1");
  deepEqual(await p.consoleErrors(), ["oh"]);
  await p.screenshot("in");
});
`);
  assert.deepEqual({ ...outcome, seconds: 0 }, {
    ok: true,
    passed: 3,
    failed: 0,
    skipped: 0,
    failures: [],
    problem: null,
    cause: null,
    screenshots: ["install-in.png"],
    seconds: 0,
  });
  assert.deepEqual(calls, [
    "app: echo a b $HOME < in",
    "db: false",
    "db: false",
    `goto ${app.url}/login`,
    "fill #user ann",
    "click #go",
    "wait hello",
    "wait h1",
    "picture install-in.png",
    "page closed",
  ]);
});

Deno.test("what never comes true is told with what was wrong last, and a domain that is not there with those that are", async () => {
  const { outcome } = await run(`
import { equal } from "node:assert/strict";
import { domain, eventually, test } from "cc-ci";
let tries = 0;
test("third time lucky", async () => {
  equal(await eventually(() => ++tries === 3 ? "yes" : false, { everySeconds: 0.01 }), "yes");
  equal(tries, 3);
  equal(domain(), "${app.domain}");
  equal(domain("files"), "${app.domains.files}");
});
test("never", () => eventually(() => equal(1, 2, "not yet " + ++tries), { seconds: 0.05, everySeconds: 0.01 }));
test("false", () => eventually(() => false, { seconds: 0 }));
test("elsewhere", () => void domain("constructor"));
`);
  assert.equal(outcome.passed, 1);
  const told = outcome.failures.map(({ message }) => message.replace(/yet \d+/, "yet N"));
  assert.deepEqual(told, [
    "Not within 0.05 s: not yet N\n    at install_test.ts:11",
    "Not within 0 s: it is still false\n    at install_test.ts:12",
    'There is no "constructor" in extra_domains of recipe.yml: it names files\n    at install_test.ts:13',
  ]);
});

Deno.test("a failure is told in plain words, its log with colours", async () => {
  const { outcome, lines } = await run(`
import { equal } from "node:assert/strict";
import { exec, test } from "cc-ci";
test("is fine", () => {});
test("the list holds <one> & \\"two\\"", () => equal(1, 2, "there is no list"));
test("a command", async () => void await exec("app", ["false"]));
`);
  assert.equal(outcome.ok, false);
  assert.deepEqual([outcome.passed, outcome.failed, outcome.problem], [1, 2, null]);
  assert.equal(outcome.cause, '2 of 3 tests failed: the list holds <one> & "two": there is no list');
  assert.deepEqual(outcome.failures.map(({ name }) => name), ['the list holds <one> & "two"', "a command"]);
  assert.deepEqual(outcome.failures.map(({ message }) => message), [
    "there is no list\n    at install_test.ts:5",
    '"false" in service "app" ended with exit code 1: no such thing\n    at install_test.ts:6',
  ]);
  assert.ok(lines.some((line) => line.includes("\u001b[") && line.includes("FAILED")), lines.join("\n"));
});

/** What a file may do wrong before any test has its say. */
const broken: Record<string, [source: string, problem: TestOutcome["problem"], cause: RegExp]> = {
  "holds no test": ["export {};", "no-tests", /^The file holds no test$/],
  "skips every test": ["Deno.test.ignore('x', () => {});", "no-tests", /Every test of the file is skipped/],
  "ends the process before its tests": [
    "Deno.test('x', () => {}); Deno.exit(0);",
    "no-tests",
    /holds no test/,
  ],
  "does not type-check": [
    "const n: number = 'x';\nDeno.test('x', () => void n);",
    "type-error",
    /^The file does not type-check \(install_test\.ts:1\): Type 'string' is not assignable to type 'number'$/,
  ],
  "is no TypeScript": ["test( {", "load-error", /^The file cannot be loaded: /],
  "imports a missing file": [
    "import './no.ts';",
    "import-error",
    /imports what it cannot have.*no\.ts/,
  ],
  "imports from npm": ["import 'npm:left-pad@1';", "import-error", /imports what it cannot have/],
  "imports from the network": [
    "import 'https://deno.land/x/a.ts';",
    "import-error",
    /imports what it cannot have/,
  ],
  "imports what the kit does not have": [
    "import { nothing } from 'cc-ci'; Deno.test('x', () => nothing());",
    "type-error",
    /no exported member 'nothing'/,
  ],
  "throws while loading": ["throw new Error('not today');", "load-error", /cannot be loaded: .*not today/],
};
for (const [name, [source, problem, cause]] of Object.entries(broken)) {
  Deno.test(`a file that ${name} fails with that reason`, async () => {
    const { outcome } = await run(source, { typeCheck: problem === "type-error" });
    assert.equal(outcome.ok, false);
    assert.match(outcome.cause ?? "", cause);
    assert.equal(outcome.problem, problem);
  });
}

Deno.test("a time that no timer counts is a mistake of the file, and no test fails for it", async () => {
  for (const time of ["Infinity", "NaN", "0", "-1", "2 ** 31"]) {
    const { outcome } = await run(
      `import { test } from "cc-ci";\ntest("x", () => new Promise((end) => setTimeout(end, 100)), { timeoutMs: ${time} });`,
    );
    assert.equal(outcome.problem, "load-error", time);
    assert.match(outcome.cause ?? "", /^The file cannot be loaded: .*"timeoutMs" must be milliseconds/);
  }
});

Deno.test("a test that never ends is ended", async () => {
  const { outcome } = await run("Deno.test('x', () => { while (true); });", { timeoutMs: 2_000 });
  assert.deepEqual([outcome.ok, outcome.problem], [false, "timeout"]);
  assert.equal(outcome.cause, "The tests did not end within 2.0 s");
});

Deno.test("a test reaches nothing but the broker, and there only its own run", async () => {
  const { outcome, calls } = await run(`
import { rejects, throws } from "node:assert/strict";
import net from "node:net";
import { exec, fetch, page, secret, test } from "cc-ci";

const denied = Deno.errors.NotCapable;
test("no host", async () => {
  throws(() => Deno.env.get("HOME"), denied);
  throws(() => Deno.readTextFileSync(new URL("../secret.txt", import.meta.url)), denied);
  throws(() => Deno.writeTextFileSync(new URL("./new.txt", import.meta.url), ""), denied);
  throws(() => new Deno.Command("/bin/true").outputSync(), denied);
  await rejects(Deno.connect({ hostname: "127.0.0.1", port: 80 }), denied);
  await rejects(globalThis.fetch("http://127.0.0.1/"), denied);
  await rejects(Deno.connect({ transport: "unix", path: "/var/run/docker.sock" }), denied);
});
test("no other domain", async () => {
  for (const url of ["https://git.ci.test/", "http://git.ci.test/", "https://${app.domain}:8443/", "file:///etc/hostname"]) {
    await rejects(fetch(url), /A test cannot reach/);
    await rejects(page(url), /A test cannot reach/);
  }
});
test("no other service, secret or file", async () => {
  await rejects(exec("traefik", ["sh"]), /The app has no service "traefik"; it has app, db/);
  await rejects(secret("constructor"), /No secret "constructor"/);
  await rejects((await page("/")).screenshot("../../x"), /cannot be called/);
});
`);
  assert.deepEqual(outcome.failures, []);
  assert.equal(outcome.passed, 3);
  assert.deepEqual(calls.filter((call) => !call.startsWith("page closed")), [`goto ${app.url}/`]);
});

Deno.test("a run that is over ends its tests at once", async () => {
  const stop = new AbortController();
  const { outcome } = await run("console.log('begun'); Deno.test('x', () => { while (true); });", {
    signal: stop.signal,
    onLine: (line) => line.includes("begun") && stop.abort(),
  });
  assert.deepEqual([outcome.ok, outcome.problem], [false, "crashed"], "their own time was not over");
});

/** The same tests as a recipe's own: root or user namespaces are needed, without them nothing is run at all. */
const spaces = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
const confinable = (await exec(["unshare", ...spaces, "--net", "true"])).success;
const confined = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name: `confined: ${name}`, fn, ignore: !confinable });

confined("several files work with the app through the kit, with helpers and checked types", async () => {
  const { outcome, lines, calls } = await run(
    `
import { equal } from "node:assert/strict";
import { page, test } from "cc-ci";
import { title } from "./helper.ts";
test("sees the page", async () => equal(await (await page("/a")).title(), title));
`,
    {
      confined: true,
      typeCheck: true,
      more: {
        "helper.ts": "export const title: string = 'Notes';",
        "fail.ts": "export function fail() {\n  throw new Error('so there');\n}",
        "other_test.ts":
          "import { test } from 'cc-ci';\nimport { fail } from './fail.ts';\ntest('fails', () => fail());",
      },
    },
  );
  assert.deepEqual([outcome.passed, outcome.failed], [1, 1], lines.join("\n"));
  assert.equal(outcome.cause, "1 of 2 tests failed: fails: so there");
  assert.equal(outcome.failures[0]?.message, "so there\n    at other_test.ts:3");
  assert.deepEqual(calls, [`goto ${app.url}/a`, "page closed"]);
});

confined("a file that does not type-check is told as anywhere else", async () => {
  const { outcome } = await run("const n: number = 'x'; Deno.test('x', () => void n);", {
    confined: true,
    typeCheck: true,
  });
  assert.equal(outcome.problem, "type-error");
});

confined("a hostile file gets no network, environment, files, processes, and no end", async () => {
  Deno.env.set("CCCI_TEST_TOKEN", "do-not-leak");
  try {
    const { outcome, lines } = await run(
      `
import { rejects, throws } from "node:assert/strict";
import fs from "node:fs";
import { spawnSync } from "node:child_process";
import { test } from "cc-ci";
test("nothing", async () => {
  throws(() => Deno.env.toObject(), Deno.errors.NotCapable);
  throws(() => Deno.readTextFileSync("/etc/hostname"));
  throws(() => fs.readFileSync("/proc/self/environ"));
  throws(() => new Deno.Command("/bin/true").outputSync(), Deno.errors.NotCapable);
  throws(() => spawnSync("/bin/true"));
  await rejects(fetch("http://127.0.0.1/"), Deno.errors.NotCapable);
  throws(() => Deno.writeTextFileSync("/tests/new", ""));
});
`,
      { confined: true },
    );
    assert.deepEqual([outcome.passed, outcome.failures], [1, []], lines.join("\n"));
  } finally {
    Deno.env.delete("CCCI_TEST_TOKEN");
  }
  const { outcome } = await run("Deno.test('x', () => { while (true); });", {
    confined: true,
    timeoutMs: 10_000, // long enough for a busy machine to set the sandbox up
  });
  assert.equal(outcome.problem, "timeout");
});

Deno.test("what tests print is bounded", async () => {
  const { outcome, lines } = await run(
    "Deno.test('x', () => { for (let n = 0; n < 20_000; n++) console.log('x'.repeat(100)); });",
  );
  assert.equal(outcome.ok, true);
  assert.ok(lines.length <= 5_001);
  assert.match(lines.at(-1) ?? "", /left out/);
});

Deno.test("steps before the tests hand values on, get the marker, and say where they fail", async () => {
  const kit = (body: string) => `import { app, hand, handed, read, seed, setup } from "cc-ci";\n${body}\n`;
  const handed: unknown[] = [];
  const set = await run(
    kit(`setup(async () => {
  await hand("user", "ada");
  await hand("token", await handed("token") + "!", { secret: true });
});`),
    { name: "setup.ts", typeCheck: true, hand: (...one) => handed.push(one) },
  );
  assert.deepEqual([set.outcome.cause, set.outcome.passed], [null, 1]);
  assert.deepEqual(handed, [
    ["user", { value: "ada", secret: false }],
    ["token", { value: "t0ken!", secret: true }],
  ]);
  const read = (text: string) =>
    run(kit(`read((marker) => marker === app.marker ? ${text} : "")`), { name: "read.ts" });
  assert.equal((await read("`x ${marker} y`")).outcome.ok, true);
  const [missed] = (await read('"other"')).outcome.failures;
  assert.match(missed?.message ?? "", /^"m4rk" is not in what was read: "other"\n {4}at read\.ts:2$/);
  const late = await run(
    kit("seed(() => new Promise((end) => setTimeout(end, 60_000)), { timeoutMs: 10 });"),
    {
      name: "seed.ts",
    },
  );
  assert.match(late.outcome.failures[0]?.message ?? "", /^It was not over after 0\.01 s\n {4}at seed\.ts:2$/);
  const nothing = await run(kit('setup(async () => await hand("x", ""));'), {
    name: "setup.ts",
    hand: (...one) => handed.push(one),
  });
  assert.match(nothing.outcome.failures[0]?.message ?? "", /value must not be empty\n {4}at setup\.ts:2$/);
  assert.equal(handed.length, 2);
  const thief = await run(kit('seed(async () => await hand("x", "y"));'), { name: "seed.ts" });
  assert.match(thief.outcome.failures[0]?.message ?? "", /^Only setup\.ts can hand values on/);
  const unknown = await run(kit('seed(async () => void await handed("x"));'), { name: "seed.ts" });
  assert.match(
    unknown.outcome.failures[0]?.message ?? "",
    /^No "x" was handed on .*; setup\.ts handed on token/,
  );
});
