import assert from "node:assert/strict";
import { familyMembers } from "./process_tree.ts";

const line = (pid: number, parent: number, text = "") => ({ pid, parent, text });

Deno.test("a family is the root, what carries its mark, and everything below these", () => {
  const all = [
    line(1, 0, "init"),
    line(10, 1, "keeper PATH=/bin"),
    line(20, 10, "worker F=abc-1 PATH=/bin"),
    line(21, 20, "git with a cleared environment"),
    line(22, 21),
    line(30, 1, "orphan PATH=/bin F=abc-1"),
    line(31, 30),
    line(40, 1, "other run F=abc-12"),
    line(41, 40),
    line(50, 1, "stranger HALF=abc-1 X_F=abc-1"),
  ];
  assert.deepEqual(familyMembers(all, { mark: "F=abc-1", root: 20 }), [20, 30, 21, 22, 31]);
  assert.deepEqual(familyMembers(all, { mark: "F=zzz", root: null }), []);
  assert.deepEqual(familyMembers(all, { mark: "F=zzz", root: 40 }), [40, 41]);
});
