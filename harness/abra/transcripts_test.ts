import assert from "node:assert/strict";
import { join } from "node:path";
import {
  failedHooks,
  isBeingReplaced,
  parseCheck,
  parseLint,
  parseSecrets,
  parseSnapshots,
  plainBotLine,
  refusal,
} from "./output.ts";
import { commandOf, linesOf, type Transcript, transcript } from "./transcript.ts";

/**
 * Reads every transcript in the folders below `transcripts/`: what the contract with abra wrote down about the stand-in,
 * or about the abra of whoever handed a folder back, and what was put together by hand.
 */
const root = join(import.meta.dirname ?? ".", "transcripts");

function load(): { name: string; call: Transcript }[] {
  return [...Deno.readDirSync(root)].filter((one) => one.isDirectory).flatMap((folder) =>
    [...Deno.readDirSync(join(root, folder.name))].map((file) => {
      const name = `${folder.name}/${file.name}`;
      return { name, call: transcript.parse(JSON.parse(Deno.readTextFileSync(join(root, name)))) };
    })
  ).toSorted((a, b) => a.name < b.name ? -1 : 1);
}

/** What the harness makes of a call. Undefined: its output is not read. */
function read(call: Transcript): unknown {
  const lines = linesOf(call).map(plainBotLine);
  if (call.exitCode !== 0) return { refusal: refusal(lines), passes: isBeingReplaced(lines) };
  switch (commandOf(call)) {
    case "recipe lint":
      return parseLint(lines);
    case "app check":
      return parseCheck(lines);
    case "app secret generate":
      return call.command.includes("-m") ? parseSecrets(lines) : undefined;
    case "app backup snapshots":
      return parseSnapshots(lines);
    case "app backup create":
    case "app restore":
      return failedHooks(lines);
  }
}

/** What must come out of a call that the contract made, because the contract knows the app that it made it with. */
const known: Record<string, (call: Transcript) => void> = {
  "recipe lint"(call) {
    const rows = parseLint(linesOf(call));
    assert.ok(rows.length > 12, "all rules are read");
    assert.equal(new Set(rows.map(({ rule }) => rule)).size, rows.length, "each rule is read once");
    assert.deepEqual(rows.filter(({ description, help }) => description === "" || help === ""), []);
    assert.equal(rows.find(({ rule }) => rule === "R009")?.satisfied, true);
    assert.deepEqual(rows.filter(({ satisfied, skipped }) => satisfied && skipped), []);
  },
  "app check": (call) => assert.deepEqual(read(call), ["LETS_ENCRYPT_ENV"]),
  "app secret generate": (call) => assert.deepEqual(read(call), { made: "•••" }),
  "app backup snapshots"(call) {
    const found = parseSnapshots(linesOf(call));
    assert.equal(found.length === 0, /lists none|the stack as tag$/.test(call.about), call.about);
    for (const { time } of found) assert.ok(time > Date.UTC(2026, 0), `time ${time}`);
  },
  "app backup create": hooksAsKnown,
  "app restore": hooksAsKnown,
};

function hooksAsKnown(call: Transcript): void {
  const failed = failedHooks(linesOf(call).map(plainBotLine));
  assert.equal(failed.length > 0, call.about.includes("which command failed"), failed.join("\n"));
}

const transcripts = load();

for (const { name, call } of transcripts) {
  Deno.test(`transcript ${name} is read: ${call.about}`, () => {
    if (call.reads !== undefined) return assert.deepEqual(read(call), call.reads);
    if (call.command.includes("--help")) return assert.ok(linesOf(call).length > 1);
    if (call.exitCode === 0) return known[commandOf(call)]?.(call);
    const lines = linesOf(call);
    const secrets = commandOf(call) === "app secret generate" && /no secrets/i.test(lines.join("\n"));
    if (!secrets) assert.match(refusal(lines) ?? "", /^(?!FATA).{3}/, lines.join("\n"));
  });
}

Deno.test("every kind of output that is read has a transcript of the stand-in and one made by hand", () => {
  for (const origin of ["stand-in", "by hand"]) {
    const those = transcripts.filter(({ call }) =>
      call.origin === origin && call.exitCode === 0 && !call.command.includes("--help")
    );
    const missing = Object.keys(known).filter((command) =>
      !those.some(({ call }) => commandOf(call) === command)
    );
    assert.deepEqual(missing, [], origin);
  }
});
