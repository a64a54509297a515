import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exec, execOk } from "../common/exec.ts";
import { bundlePrograms } from "./bundle.ts";
import { moduleCommand, ownHome, type Start, startCommand } from "./start.ts";
import { bridgeSettings, dashboardSettings } from "./testing/settings.ts";
import { folder, tmp, written } from "./testing/bundled.ts";

const repo = ownHome().folder;
const home = { form: "bundle", folder } as const;

/** Where nothing has been downloaded, and nothing can be. */
async function offline(command: readonly string[], { env = {}, until }: {
  env?: Record<string, string>;
  until?: RegExp;
} = {}) {
  const user = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
  const stop = new AbortController();
  let said = "";
  const { code } = await exec(
    ["unshare", ...user, "--net", "--", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", ...command],
    {
      cwd: "/",
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: join(tmp, "home"),
        DENO_DIR: await Deno.makeTempDir({ dir: tmp }),
        NO_COLOR: "1",
        ...env,
      },
      signal: stop.signal,
      onOutput: (chunk) => {
        said += new TextDecoder().decode(chunk);
        if (until?.test(said)) stop.abort();
      },
    },
  );
  return { code, said };
}

Deno.test("bundles of two folders are equal, byte for byte, and so is what lies beside them", async () => {
  const elsewhere = join(tmp, "another checkout", "of it");
  await Deno.mkdir(dirname(elsewhere));
  const { stdout } = await execOk(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    { cwd: repo },
  );
  for (const path of stdout.split("\0").filter((path) => path !== "")) {
    if (!await Deno.stat(join(repo, path)).then((info) => info.isFile, () => false)) continue;
    await Deno.mkdir(join(elsewhere, dirname(path)), { recursive: true });
    await Deno.copyFile(join(repo, path), join(elsewhere, path));
  }
  assert.deepEqual(await bundlePrograms(join(tmp, "others"), { repo: elsewhere }), written);
  assert.deepEqual(written.map(({ name }) => name), [
    "bridge.js",
    "dashboard.js",
    "harness.js",
    "host.js",
    "deno.json",
  ]);
  await execOk(["diff", "-r", folder, join(tmp, "others")]);
  await execOk(["diff", "-r", join(repo, "recipes"), join(folder, "recipes")]);
});

Deno.test("a folder that holds something else is not replaced", async () => {
  const theirs = join(tmp, "theirs");
  await Deno.mkdir(theirs);
  await Deno.writeTextFile(join(theirs, "letter.txt"), "");
  await assert.rejects(bundlePrograms(theirs, { repo }), /"[^"]*theirs": it holds something else/);
  assert.deepEqual([...Deno.readDirSync(theirs)].map(({ name }) => name), ["letter.txt"]);
});

Deno.test("writing bundles that is interrupted leaves what was there, and nothing beside it", async () => {
  const there = join(tmp, "interrupted", "programs");
  await Deno.mkdir(there, { recursive: true });
  await Deno.writeTextFile(join(there, "harness.js"), "of before");
  const stop = new AbortController();
  const writing = bundlePrograms(there, { repo, signal: stop.signal });
  stop.abort(new Error("interrupted"));
  await assert.rejects(writing, /^Error: interrupted$/);
  assert.deepEqual([...Deno.readDirSync(dirname(there))].map(({ name }) => name), ["programs"]);
  assert.equal(await Deno.readTextFile(join(there, "harness.js")), "of before");
});

Deno.test("bundles start without a network, in an empty cache, from a folder of their own", async () => {
  const state = await Deno.makeTempDir({ dir: tmp });
  const places = (net: string[]) => ({ net, read: [state, join(folder, "recipes")], write: [state] });
  const dashboard = startCommand("dashboard", { home, places: places(["127.0.0.1:3181"]) });
  const bridge = startCommand("bridge", { home, places: places(["127.0.0.1:3182", "git.example.org:443"]) });
  const recipe = join(state, "recipe");
  await execOk(["git", "init", "--quiet", recipe]);
  const author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
  await execOk(["git", "-C", recipe, ...author, "commit", "--quiet", "--allow-empty", "--message=first"]);
  const ofHarness = { CCCI_BASE_DOMAIN: "ci.example.org", CCCI_RUNS: join(state, "runs") };
  const [shows, watches, checks, runs] = await Promise.all([
    offline(dashboard, {
      until: /"message":"Listening"/,
      env: dashboardSettings(join(state, "dashboard")),
    }),
    offline(bridge, {
      until: /"message":"listening"/,
      env: bridgeSettings(join(state, "bridge")),
    }),
    // Finds the recipes beside it, and a Deno looks at their tests with the kit that is part of it.
    offline([...startCommand("harness", { home }), "recipes", "check", "custom-html"], {
      env: ofHarness,
    }),
    // Starts itself again as the keeper of a run, which ends as there is no Docker.
    offline([...startCommand("harness", { home }), "run-recipe", recipe], {
      env: { ...ofHarness, CCCI_DOCKER_SOCKET: join(state, "docker.sock") },
    }),
  ]);
  assert.match(shows.said, /"message":"Listening".*"port":3181/);
  assert.match(watches.said, /"message":"listening".*"address":"127\.0\.0\.1:3182"/);
  assert.equal(checks.said, "✔ custom-html\n1 recipe checked, 0 with mistakes\n");
  assert.equal(checks.code, 0);
  assert.match(runs.said, /could not be tested: Docker does not answer/);
  assert.equal(runs.code, 3);
});

/** Ways to do something that a program has no business with, each as an expression, by the kind of permission. */
const FORMS = {
  read: [
    'Deno.readTextFileSync("/etc/passwd")',
    'Deno.readDirSync("/etc").next()',
    'Deno.statSync("/etc/passwd")',
    'fs.readFileSync("/etc/passwd")',
    'fetch("file:///etc/passwd")',
    'import("file:///etc/" + "passwd.js")',
  ],
  write: [
    "Deno.writeTextFileSync(outside, '')",
    "Deno.mkdirSync(outside)",
    "Deno.renameSync(inside, outside)",
    "Deno.symlinkSync(outside, inside + '2')",
    "Deno.linkSync(inside, outside)",
    "Deno.removeSync(import.meta.filename)",
    "fs.writeFileSync(outside, '')",
    "Deno.makeTempDirSync()",
  ],
  net: [
    'Deno.connect({ hostname: "127.0.0.1", port: 9 })',
    'Deno.listen({ hostname: "127.0.0.1", port: 0 })',
    'Deno.serve({ hostname: "0.0.0.0", port: 3182 }, () => new Response())',
    'fetch("http://127.0.0.1:81/")',
    'Deno.connect({ transport: "unix", path: "/var/run/docker.sock" })',
    'Deno.resolveDns("example.org", "A")',
  ],
  run: [
    'new Deno.Command("true").outputSync()',
    'new Deno.Command("/bin/true").outputSync()',
    'ran(childProcess.spawnSync("true"))',
    "Deno.kill(Deno.ppid, 'SIGCONT')",
  ],
  env: [
    'seen(Deno.env.get("SECRET"))',
    "seen(process.env.SECRET)",
    "seen(Deno.env.toObject().SECRET)",
  ],
  sys: ["Deno.networkInterfaces()", "Deno.osUptime()", "Deno.loadavg()", "os.userInfo()"],
  ffi: ['Deno.dlopen("/lib/none.so", {})'],
  import: [
    'import("https://deno.land" + "/x.js")',
    'import("https://example.org" + "/x.js")',
    'import("npm:" + "left-pad@1.3.0")',
    'import("jsr:" + "@std/path")',
  ],
};
type Kind = keyof typeof FORMS;

/** A program that tries all of them, and says of each how it ended. */
function probe(kinds: readonly Kind[], state: string): string {
  const tries = kinds.flatMap((kind) => FORMS[kind]).map((form) =>
    `[${JSON.stringify(form)}, async () => ${form}]`
  );
  return `import fs from "node:fs";
import os from "node:os";
import process from "node:process";
import childProcess from "node:child_process";
const inside = ${JSON.stringify(join(state, "inside"))}, outside = ${JSON.stringify(join(tmp, "outside"))};
function seen(value) { if (value === undefined) throw new Deno.errors.NotCapable("ignored"); }
function ran({ status }) { if (status !== 0) throw new Deno.errors.NotCapable("no child"); }
const said = [];
for (const [form, call] of [${tries.join(",")}]) {
  try { await call(); said.push([form, "done"]); }
  catch (error) { said.push([form, String(error)]); }
}
Deno.writeTextFileSync(inside, "allowed");
console.log(JSON.stringify(said));
`;
}

/** Where the sources' probes lie: beside a `deno.json` as it is in the checkout. */
const sources = join(tmp, "sources");
await Deno.mkdir(sources);
await Deno.copyFile(join(repo, "deno.json"), join(sources, "deno.json"));

/** Starts such a probe exactly as a program is started that lies in its place. */
async function tried(
  { set, places, form }: Required<Pick<Start, "set" | "places">> & { form: "source" | "bundle" },
) {
  const state = await Deno.makeTempDir({ dir: tmp });
  const { permissions } = JSON.parse(await Deno.readTextFile(join(folder, "deno.json")));
  const kinds = (Object.keys(FORMS) as Kind[]).filter((kind) => permissions[set][kind] !== true);
  // Sources take their libraries from npm, so Deno asks its registry; a bundle has all of them.
  const fromNpm = (way: string) => form === "source" && way.startsWith('import("npm:"');
  const path = form === "bundle" ? join(folder, `${set}-probe.js`) : join(sources, `${set}-probe.ts`);
  await Deno.writeTextFile(path, probe(kinds, state));
  const command = moduleCommand(path, {
    set,
    places: { ...places, ...permissions[set].read === true ? {} : { read: [state], write: [state] } },
  });
  const { said } = await offline(command, { env: { SECRET: "of another program" } });
  const last = said.trim().split("\n").at(-1) ?? "";
  assert.match(last, /^\[/, said);
  const answers: [string, string][] = JSON.parse(last);
  return { kinds, allowed: answers.filter(([way, answer]) => !isRefusal(answer) && !fromNpm(way)) };
}

function isRefusal(answer: string): boolean {
  return /NotCapable|Requires \w+ access|--no-remote is specified|--no-npm is specified/.test(answer);
}

for (const form of ["source", "bundle"] as const) {
  Deno.test(`what is not on a program's list is refused to it, in every way, as ${form}`, async () => {
    const net = ["127.0.0.1:3182"];
    const service: Kind[] = ["read", "write", "net", "run", "env", "sys", "ffi", "import"];
    const [bridge, local, dashboard, harness, host] = await Promise.all([
      tried({ set: "bridge", places: { net }, form }),
      tried({ set: "bridge-local", places: { net }, form }),
      tried({ set: "dashboard", places: { net }, form }),
      tried({ set: "harness", places: {}, form }),
      tried({ set: "host", places: {}, form }),
    ]);
    for (const one of [bridge, local, dashboard]) assert.deepEqual(one, { kinds: service, allowed: [] });
    // Both look which addresses are this host's own, lest a recipe names a registry there, or a bridge takes them.
    for (const one of [harness, host]) {
      assert.deepEqual(one, {
        kinds: ["env", "sys", "ffi", "import"],
        allowed: [["Deno.networkInterfaces()", "done"]],
      });
    }
  });
}
