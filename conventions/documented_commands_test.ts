import assert from "node:assert/strict";
import { exec, execOk } from "../common/exec.ts";
import { UNITS } from "../host/units.ts";
import { document } from "./testing/documents.ts";
import {
  commandsIn,
  depthOf,
  type Documented,
  documentTexts,
  flagsOf,
  shellBlocks,
} from "./testing/documented.ts";
import { root } from "./testing/tree.ts";

/** Programs of others that an operator types. Whoever documents another one says here that it is meant. */
const OTHERS = [
  ...[
    "cd",
    "cp",
    "cat",
    "curl",
    "deno",
    "dig",
    "docker",
    "exec",
    "export",
    "git",
    "install",
    "iptables",
    "ls",
  ],
  ...["journalctl", "mkdir", "nix", "nixos-generate-config", "nixos-rebuild", "nsenter", "openssl", "printf"],
  ...["rm", "sha256sum", "sudo", "systemctl", "tar", "touch", "umask", "apt-get"],
];

/** Our programs as they are installed, each with the arguments that make Deno show its help. */
const INSTALLED: Record<string, readonly string[]> = {
  "cc-ci-host": ["run", "-q", "-P=host", "host.ts"],
  "cc-ci-harness": ["run", "-q", "-P=harness", "harness.ts"],
};

const texts = await documentTexts();
const documented = texts.flatMap(commandsIn);

Deno.test("documents: every block of shell can be read by a shell", async () => {
  const blocks = texts.flatMap(({ path, text }) => shellBlocks(text).map((block) => ({ path, block })));
  assert.ok(blocks.length > 10, "blocks are marked some other way now");
  const wrong = await Promise.all(blocks.map(async ({ path, block }) => {
    const { success, stderr } = await exec(["sh", "-n", "-c", block]);
    return success ? [] : [`${path}: ${stderr}${block}`];
  }));
  assert.deepEqual(wrong.flat(), []);
});

Deno.test("documents: what works in the folder of a NixOS host is called there, whatever stood before it", () => {
  const blocks = texts.flatMap(({ path, text }) => shellBlocks(text).map((block) => ({ path, block })));
  const inFolder = blocks.filter(({ block }) => /^ *(?:git add|nixos-rebuild) /m.test(block));
  assert.ok(inFolder.length > 1, "NixOS hosts are made some other way now");
  assert.deepEqual(
    inFolder.filter(({ block }) => !/^ *cd \/etc\/nixos\n[^]*^ *nixos-rebuild /m.test(block)),
    [],
  );
});

Deno.test("documents: every ./cc-ci command is there, and knows the options that it is given", async () => {
  const { tasks } = JSON.parse(await document("deno.json"));
  const ours = documented.filter(({ words }) => words[0] === "./cc-ci" && words[1] !== "help");
  assert.ok(ours.length > 20, "commands are written some other way now");
  const unknown = ours.filter(({ words: [, name = ""] }) =>
    tasks[name] === undefined && /^[a-z-]+$/.test(name)
  );
  assert.deepEqual(unknown, []);
  await knownOptions(ours.filter(({ words: [, name = ""] }) => tasks[name] !== undefined), "./cc-ci");
});

Deno.test("the launcher's help names every command, with the options that documents give it", async () => {
  const { tasks } = JSON.parse(await document("deno.json"));
  const help = helpByCommand((await execOk([`${root}cc-ci`, "help"])).stdout);
  assert.deepEqual(
    Object.keys(tasks).filter((name) => !help.has(name) && !["fmt", "lint", "check"].includes(name)),
    [],
  );
  const missing = documented.filter(({ words: [program] }) => program === "./cc-ci").flatMap(({ words }) => {
    const [, name = ""] = words;
    const said = help.get(name) ?? "";
    return flagsOf(words).filter((flag) => flag !== "--help" && !new RegExp(`${flag}\\b`).test(said))
      .map((flag) => `${name} ${flag}`);
  });
  assert.deepEqual([...new Set(missing)].sort(), []);
});

/** What the help says of each command: its lines, and those that are further in below them. */
function helpByCommand(help: string): Map<string, string> {
  const said = new Map<string, string>();
  let name = "";
  for (const line of help.split("\n")) {
    name = /^ {2}([a-z-]+)/.exec(line)?.[1] ?? (line.startsWith("   ") ? name : "");
    said.set(name, `${said.get(name) ?? ""}${line}\n`);
  }
  return said;
}

Deno.test("documents: every command of an installed program is there, and knows the options that it is given", async () => {
  const ours = documented.filter(({ words: [program = ""] }) => INSTALLED[program] !== undefined);
  assert.ok(ours.length > 3, "installed programs are called some other way now");
  for (const program of Object.keys(INSTALLED)) {
    await knownOptions(ours.filter(({ words }) => words[0] === program), program);
  }
});

/** Asks each program once for what each of its documented commands says of itself. */
async function knownOptions(commands: readonly Documented[], program: string): Promise<void> {
  const start = INSTALLED[program] === undefined
    ? [`${root}cc-ci`]
    : [Deno.execPath(), ...INSTALLED[program]];
  const byName = Map.groupBy(commands, ({ words }) => words.slice(1, depthOf(words)).join(" "));
  await Promise.all([...byName].map(async ([name, all]) => {
    const called = name.split(" ").filter((word) => word !== "");
    const { stdout } = await execOk([...start, ...called, "--help"], { cwd: root, timeoutMs: 120_000 });
    const usage = /Usage: .*/.exec(stdout)?.[0] ?? "";
    // A command that its program does not know is answered with the program's own help, or an error.
    for (const word of called.slice(start.length === 1 ? 1 : 0)) {
      assert.ok(usage.includes(word), `${name}: ${usage}`);
    }
    for (const { path, words } of all) {
      const missing = flagsOf(words).filter((flag) =>
        !new RegExp(`${flag}\\b`).test(stdout) && flag !== "--help"
      );
      assert.deepEqual(missing, [], `${path}: ${words.join(" ")}`);
    }
  }));
}

Deno.test("documents: what is typed in a block is ours, or a program that an operator has", () => {
  const names = new Set(documented.map(({ words: [program = ""] }) => program));
  const known = [...OTHERS, ...Object.keys(INSTALLED), "./cc-ci"];
  assert.deepEqual([...names].filter((name) => !known.includes(name)), []);
});

Deno.test("documents: every unit that they name is described in host/units.json", () => {
  const described = Object.keys(UNITS.units);
  const named = texts.flatMap(({ path, text }) => [
    ...[...text.matchAll(/\bcc-ci[a-z-]*\.(?:service|timer|target|path)\b/g)].map(([unit]) => ({
      path,
      unit,
    })),
    ...[
      ...text.matchAll(
        /\b(?:systemctl (?:start|stop|restart|status|cat)|journalctl (?:-f )?-u) (cc-ci[\w-]*)(?![\w.-])/g,
      ),
    ]
      .map(([, name = ""]) => ({ path, unit: `${name}.service` })),
  ]);
  assert.ok(named.length > 5);
  assert.deepEqual(named.filter(({ unit }) => !described.includes(unit)), []);
});
