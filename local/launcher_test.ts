import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { exec } from "../common/exec.ts";
import { commands } from "./main.ts";
import { onPath } from "./host/host.ts";

const ROOT = dirname(import.meta.dirname ?? "");
const LAUNCHER = join(ROOT, "cc-ci");
/** What the launcher calls, apart from Deno and npm. */
const TOOLS = [
  "cat",
  "chmod",
  "cp",
  "dirname",
  "find",
  "head",
  "mkdir",
  "mv",
  "readlink",
  "rm",
  "sed",
  "sh",
  "uname",
];

/** Runs the launcher on a machine that has these tools and the programs given (name to shell script). */
async function launch(args: string[], programs: Record<string, string> = {}) {
  const folder = await Deno.makeTempDir();
  try {
    const bin = await binWith(folder, programs);
    const cache = join(folder, "cache");
    return await exec([LAUNCHER, ...args], { env: { PATH: bin, CCCI_CACHE: cache }, clearEnv: true });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A folder of programs below `folder`: the tools, and those given. */
async function binWith(folder: string, programs: Record<string, string>): Promise<string> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  for (const tool of TOOLS) await Deno.symlink(await onPath(tool) ?? "", join(bin, tool));
  for (const [name, script] of Object.entries(programs)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

/** A deno of some version that tells how it was called. */
const deno = (version: string) =>
  `case $1 in
--version) echo "deno ${version} (stable)" ;;
*) echo "called: $*"; echo "arguments: $#"; echo "$DENO_DIR"; echo "process: $$"; echo "from: $INIT_CWD in $PWD" ;;
esac`;
/** An npm that installs such a deno where the package would put it. */
const npm = `
while [ $# -gt 0 ]; do case $1 in --prefix) prefix=$2; shift ;; @deno/*) package=\${1%@*} ;; esac; shift; done
mkdir -p "$prefix/node_modules/$package"
cat > "$prefix/node_modules/$package/deno" <<'EOF'
#!/bin/sh
${deno("2.9.6")}
EOF
`;

Deno.test("the launcher lists its commands, and needs nothing for that", async () => {
  for (const args of [[], ["help"], ["--help"]]) {
    const { code, stdout } = await launch(args);
    assert.equal(code, 0);
    for (const command of ["demo", "test", "up", "down", "status", "run-recipe", "abra-contract", "ok"]) {
      assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    }
  }
});

Deno.test("what a command does is asked of it by help and its name, too, and checks say it without Deno's own words", async () => {
  const echo = deno("2.9.6");
  assert.match(
    (await launch(["help", "up"], { deno: echo })).stdout,
    /^called: run -A -q local\/main\.ts up --help$/m,
  );
  const { code, stderr } = await launch(["help", "nothing"]);
  assert.deepEqual([code, stderr.split("\n")[0]], [2, 'There is no command "nothing".']);
  for (const name of ["ok", "fmt", "lint", "check"]) {
    for (const args of [[name, "--help"], [name, "-h"], ["help", name]]) {
      const { code, stdout } = await launch(args, { deno: echo });
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: \\./cc-ci ${name}\\n\\n  ok +format`));
    }
  }
});

Deno.test("every program behind the launcher gives its usage as people type it, and says alike what is missing", async () => {
  const cc = async (...args: string[]) => await exec([LAUNCHER, ...args], { timeoutMs: 120_000 });
  for (const name of ["units", "test", "bench bridge", "secrets", "abra-contract"]) {
    assert.match(
      (await cc(...name.split(" "), "--help")).stdout,
      new RegExp(`^Usage: \\./cc-ci ${name} `),
      name,
    );
  }
  const { code, stderr } = await cc("units");
  assert.deepEqual([code, stderr], [2, "Missing required argument 'dir'\n"]);
});

Deno.test("its help, the tasks and the programs behind them name the same commands", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}/deno.json`));
  const { stdout } = await launch(["help"]);
  const listed = [...stdout.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name);
  const kinds = /\((\w+), (\w+), (\w+): one of them/.exec(stdout)?.slice(1) ?? [];
  assert.deepEqual(new Set([...listed, ...kinds]), new Set([...Object.keys(tasks), "help"]));
  const ofLocal = Object.entries(tasks).filter(([, line]) => String(line).includes(" local/main.ts "));
  assert.deepEqual(ofLocal.map(([name]) => name).sort(), Object.keys(commands).sort());
  for (const [name, line] of ofLocal) assert.ok(String(line).endsWith(` local/main.ts ${name}`), name);
});

Deno.test("the launcher becomes the program, in the checkout, and says where it was called", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const link = join(folder, "link");
    await Deno.symlink(LAUNCHER, link);
    const call = new Deno.Command("./link", {
      args: ["janitor"],
      cwd: folder,
      env: {
        PATH: await binWith(folder, { deno: deno("2.9.6") }),
        CCCI_CACHE: folder,
        INIT_CWD: "/elsewhere",
      },
      stdout: "piped",
    }).spawn();
    const said = new TextDecoder().decode((await call.output()).stdout);
    assert.match(said, new RegExp(`^process: ${call.pid}$`, "m"));
    assert.match(said, new RegExp(`^from: ${folder} in ${ROOT}$`, "m"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a cache folder in which nothing can be made is named, with what to do", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const cache = join(folder, "cache");
    await Deno.mkdir(cache);
    await Deno.writeTextFile(join(cache, "deno"), "in the way");
    const env = { PATH: await binWith(folder, {}), CCCI_CACHE: cache };
    const { code, stderr } = await exec([LAUNCHER, "status"], { env, clearEnv: true });
    assert.equal(code, 2);
    assert.match(
      stderr,
      /\nCould not write to the cache folder ".*cache"\.\nName a folder .* with CCCI_CACHE\.\n$/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an unknown command is refused with a sentence", async () => {
  for (const word of ["tets", "permissions", "test.", 'a"b', "$(id)", ".*"]) {
    const { code, stderr } = await launch([word], { deno: deno("2.9.6") });
    assert.equal(code, 2, word);
    assert.ok(stderr.startsWith(`There is no command "${word}"`), stderr);
  }
});

Deno.test("a Deno on PATH that fits runs the program of the task, arguments passed on", async () => {
  const { code, stdout } = await launch(["run-recipe", "a b", "--json"], { deno: deno("2.9.7") });
  assert.equal(code, 0);
  assert.match(stdout, /^called: run -A -q local\/main\.ts run-recipe a b --json$/m);
  assert.match(stdout, /^arguments: 7$/m, "each stays one");
  assert.match(stdout, /\/cache\/deno-dir$/m);
});

Deno.test("a Deno that does not fit is left aside, and the pinned one is fetched once", async () => {
  for (const other of ["1.46.3", "2.8.9", "2.9.5", "3.0.0"]) {
    const { code, stdout, stderr } = await launch(["status"], { deno: deno(other), npm });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Getting Deno 2\.9\.6 …$/m);
    assert.match(stdout, /^called: run .* status$/m);
  }
});

Deno.test("without Deno and npm the launcher says what to install", async () => {
  const { code, stderr } = await launch(["status"]);
  assert.equal(code, 2);
  assert.match(stderr, /neither npm nor Deno is on PATH/);
  assert.match(stderr, /apt-get install npm/);
});

Deno.test("an npm that fails is reported as such, and leaves nothing half-made", async () => {
  const { code, stderr } = await launch(["status"], { npm: "echo no network >&2; exit 1" });
  assert.equal(code, 2);
  assert.match(stderr, /no network\nCould not get Deno 2\.9\.6 with npm/);
});
