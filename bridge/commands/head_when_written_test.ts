import assert from "node:assert/strict";
import type { Pull, Push } from "../forge/forge.ts";
import { standingHead } from "./head_when_written.ts";

const [a, b] = ["a".repeat(40), "b".repeat(40)] as const;
const second = 1000;
const opened = 1_000 * second;

function pull(head: string): Pull {
  return {
    state: "open",
    head,
    title: "A change",
    link: "https://forge.example/o/r/pulls/1",
    createdAt: opened,
  };
}
function push(head: string, at: number, before: string | null = null): Push {
  return { head, before, forced: before !== null, at };
}

Deno.test("standingHead() takes the head of the last push before the comment", () => {
  const pushes = [push(a, opened), push(b, opened + 60 * second)];
  const writtenAt = opened + 61 * second;
  assert.deepEqual(standingHead(pushes, { pull: pull(b), writtenAt }), { kind: "stood", commit: b });
});

Deno.test("standingHead() accepts a comment of the second in which the pull request was opened", () => {
  assert.deepEqual(standingHead([push(a, opened)], { pull: pull(a), writtenAt: opened }), {
    kind: "stood",
    commit: a,
  });
});

Deno.test("standingHead() reports a push after the comment, with both heads", () => {
  const pushes = [push(a, opened), push(b, opened + 60 * second)];
  const standing = standingHead(pushes, { pull: pull(b), writtenAt: opened + 30 * second });
  assert.deepEqual(standing, { kind: "pushed", before: a, head: b });
});

Deno.test("standingHead() knows the old head from a force push that swept the list", () => {
  const late = opened + 60 * second;
  const standing = standingHead([push(b, late), push(b, late, a)], {
    pull: pull(b),
    writtenAt: opened + second,
  });
  assert.deepEqual(standing, { kind: "pushed", before: a, head: b });
});

Deno.test("standingHead() sees a force push back to an older head, whose own entry is the only one left", () => {
  const standing = standingHead([push(a, opened), push(a, opened + 60 * second, b)], {
    pull: pull(a),
    writtenAt: opened + 30 * second,
  });
  assert.deepEqual(standing, { kind: "pushed", before: b, head: a });
});

Deno.test("standingHead() does not decide between a comment and a push of the same moment", () => {
  for (const gap of [0, second, 4 * second]) {
    const pushes = [push(a, opened), push(b, opened + 60 * second + gap)];
    const standing = standingHead(pushes, { pull: pull(b), writtenAt: opened + 60 * second });
    assert.deepEqual(standing, { kind: "same-time", head: b });
  }
});

Deno.test("standingHead() does not mind a late note about the head that stood anyway", () => {
  const pushes = [push(a, opened), push(a, opened + 3 * second)];
  assert.equal(standingHead(pushes, { pull: pull(a), writtenAt: opened + second }).kind, "stood");
});

Deno.test("standingHead() knows nothing while the push to the present head is not noted", () => {
  const standing = standingHead([push(a, opened)], { pull: pull(b), writtenAt: opened + 60 * second });
  assert.deepEqual(standing, { kind: "unknown", head: b });
});

Deno.test("standingHead() takes the present head where the forge lists no pushes", () => {
  assert.deepEqual(standingHead(null, { pull: pull(a), writtenAt: opened }), { kind: "stood", commit: a });
});
