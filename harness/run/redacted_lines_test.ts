import assert from "node:assert/strict";
import { systemClock } from "../../common/time.ts";
import { Redactor } from "./redact.ts";
import { RedactedLines } from "./redacted_lines.ts";

const secret = "Zq9-kP2!vX7~mN4@";

/** Lines as they come out, and those that were there before the last of them went in. */
function lines(...texts: string[]) {
  const redactor = new Redactor();
  redactor.add(secret);
  const seen: string[] = [];
  const all = new RedactedLines(redactor, { clock: systemClock, emit: (line) => void seen.push(line) });
  for (const text of texts) all.push(text);
  const live = [...seen];
  all.flush();
  return { seen, live };
}

Deno.test("a secret that any two line ends part is taken out of all three lines", () => {
  for (let from = 1; from < secret.length; from++) {
    for (let to = from + 1; to < secret.length; to++) {
      const pieces = [`is ${secret.slice(0, from)}`, secret.slice(from, to), `${secret.slice(to)} there`];
      assert.deepEqual(lines(...pieces).seen, ["is •••", "•••", "••• there"], pieces.join("|"));
    }
  }
});

Deno.test("ordinary lines are shown at once, and one that may be the beginning of a secret with the next", () => {
  assert.deepEqual(lines("one", "two").live, ["one", "two"]);
  assert.deepEqual(lines("ends in Z").live, []);
  assert.deepEqual(lines("ends in Z", "next").live, ["ends in Z", "next"]);
  assert.deepEqual(lines("ends in Z").seen, ["ends in Z"]);
});

Deno.test("half of an escape is held back, too", () => {
  const redactor = new Redactor();
  redactor.add("/secret/path");
  const seen: string[] = [];
  const all = new RedactedLines(redactor, { clock: systemClock, emit: (line) => void seen.push(line) });
  for (const text of ["at %2", "Fsecret%2", "Fpath!"]) all.push(text);
  all.flush();
  assert.deepEqual(seen, ["at •••", "•••", "•••!"]);
});

Deno.test("lines are not held back without an end", () => {
  const { live } = lines("Z", ...Array.from({ length: 1_000 }, () => ""));
  assert.ok(live.length > 700, String(live.length));
});

Deno.test("a line that nothing follows is shown after a while", async () => {
  const redactor = new Redactor();
  redactor.add(secret);
  const shown = Promise.withResolvers<string>();
  const pause = Promise.withResolvers<void>();
  const clock = { ...systemClock, sleep: () => pause.promise };
  const all = new RedactedLines(redactor, { clock, emit: shown.resolve });
  all.push("ends in Z");
  pause.resolve();
  assert.equal(await shown.promise, "ends in Z");
});
