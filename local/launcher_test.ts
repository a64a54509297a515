import assert from "node:assert/strict";
import { join } from "node:path";
import { exec } from "../common/exec.ts";
import { onPath } from "./host/host.ts";

const LAUNCHER = new URL("../cc-ci", import.meta.url).pathname;
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
    const bin = join(folder, "bin");
    await Deno.mkdir(bin);
    for (const tool of TOOLS) await Deno.symlink(await onPath(tool) ?? "", join(bin, tool));
    for (const [name, script] of Object.entries(programs)) {
      await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    const cache = join(folder, "cache");
    return await exec([LAUNCHER, ...args], { env: { PATH: bin, CCCI_CACHE: cache }, clearEnv: true });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A deno of some version that tells how it was called. */
const deno = (version: string) =>
  `case $1 in --version) echo "deno ${version} (stable)" ;; *) echo "called: $*"; echo "$DENO_DIR" ;; esac`;
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

Deno.test("an unknown command is refused with a sentence", async () => {
  const { code, stderr } = await launch(["tets"], { deno: deno("2.9.6") });
  assert.equal(code, 2);
  assert.match(stderr, /There is no command "tets"/);
});

Deno.test("a Deno on PATH that fits runs the task, arguments passed on", async () => {
  const { code, stdout } = await launch(["run-recipe", "a b", "--json"], { deno: deno("2.9.7") });
  assert.equal(code, 0);
  assert.match(stdout, /^called: task --quiet --config \S*\/deno\.json run-recipe a b --json$/m);
  assert.match(stdout, /\/cache\/deno-dir$/m);
});

Deno.test("a Deno that does not fit is left aside, and the pinned one is fetched once", async () => {
  for (const other of ["1.46.3", "2.8.9", "2.9.5", "3.0.0"]) {
    const { code, stdout, stderr } = await launch(["status"], { deno: deno(other), npm });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^Getting Deno 2\.9\.6 …$/m);
    assert.match(stdout, /^called: task/m);
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
