import assert from "node:assert/strict";
import { familyMembers, ProcessList } from "./process_tree.ts";

/** What a list of these lines shows, cut into pieces of so many bytes. */
function read(lines: readonly string[], mark: string, piece = 7) {
  const list = new ProcessList(mark);
  const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
  for (let at = 0; at < bytes.length; at += piece) list.push(bytes.subarray(at, at + piece));
  return list.end();
}

const lines = [
  "    1       0 Ss   init",
  "   10       1 S    keeper PATH=/bin",
  "   20      10 Sl   worker F=abc-1 PATH=/bin",
  "   21      20 S    git with a cleared environment",
  "   22      21 S    ☺",
  "   23      20 Z    [git] <defunct>",
  "   30       1 S    orphan PATH=/bin F=abc-1",
  "   31      30 S    sh",
  "   40       1 S    other run F=abc-12",
  "   41      40 S    sh",
  "   50       1 S    stranger HALF=abc-1 X_F=abc-1",
];

Deno.test("a family is the root, what carries its mark, and everything below these", () => {
  assert.deepEqual(familyMembers(read(lines, "F=abc-1"), 20), [20, 30, 21, 22, 31]);
  assert.deepEqual(familyMembers(read(lines, "F=zzz"), null), []);
  assert.deepEqual(familyMembers(read(lines, "F=zzz"), 40), [40, 41]);
});

Deno.test("a list of processes is read to its end, however long their environments are", () => {
  const long = ` VALUE=${"x".repeat(1024 * 1024)}`;
  const many = Array.from({ length: 6 }, (_, index) => `${1_000 + index} 1 S sh${long}`);
  const first = "500 1 S worker F=abc-1";
  const seen = read([first, ...many, "501 500 S git"], "F=abc-1", 65_536);
  assert.equal(seen.length, 8);
  assert.deepEqual(familyMembers(seen, null), [500, 501]);
});
