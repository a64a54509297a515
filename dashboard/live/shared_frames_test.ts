import assert from "node:assert/strict";
import { SharedFrames } from "./shared_frames.ts";

const KB = 1024;
const run = "shared1-1";
const named = (piece: string) => ({ run, piece });
const bytes = (count: number) => () => [new Uint8Array(count)];

Deno.test("frames are made once for all who ask at a time", async () => {
  const shared = new SharedFrames();
  using _ = shared.watch(run);
  let made = 0;
  const make = () => Promise.resolve([new Uint8Array([++made])]);
  const all = await Promise.all(Array.from({ length: 50 }, () => shared.get(named("a"), make)));
  assert.ok(all.every((frames) => frames === all[0]));
  assert.equal(await shared.find(named("a")), all[0]);
  assert.equal(made, 1);
});

Deno.test("frames that could not be made are tried anew", async () => {
  const shared = new SharedFrames();
  using _ = shared.watch(run);
  await assert.rejects(shared.get(named("a"), () => Promise.reject(new Error("no"))), /no/);
  assert.equal((await shared.get(named("a"), bytes(2))).length, 1);
});

Deno.test("what is kept stays within 8 MB, the newest of it", async () => {
  const shared = new SharedFrames();
  using _ = shared.watch(run);
  for (let at = 0; at < 100; at++) await shared.get(named(`${at}`), bytes(400 * KB));
  assert.ok(shared.bytes <= 8 * KB * KB, `${shared.bytes} bytes`);
  assert.ok(shared.find(named("0")) === undefined);
  assert.ok(shared.find(named("99")));
});

Deno.test("a large piece is made for those who wait for it and not kept", async () => {
  const shared = new SharedFrames();
  using _ = shared.watch(run);
  const [one, other] = await Promise.all([
    shared.get(named("a"), bytes(600 * KB)),
    shared.get(named("a"), bytes(600 * KB)),
  ]);
  assert.ok(one === other);
  assert.ok(shared.find(named("a")) === undefined);
  assert.equal(shared.bytes, 0);
});

Deno.test("nothing is kept of a run that nobody watches any more", async () => {
  const shared = new SharedFrames();
  const viewers = [shared.watch(run), shared.watch(run)];
  using _ = shared.watch("another-1");
  await shared.get(named("a"), bytes(KB));
  await shared.get({ run: "another-1", piece: "a" }, bytes(KB));
  viewers[0]?.[Symbol.dispose]();
  assert.equal(shared.bytes, 2 * KB);
  const late = shared.get(named("late"), bytes(KB));
  viewers[1]?.[Symbol.dispose]();
  await late;
  assert.equal(shared.bytes, KB);
  assert.ok([named("a"), named("late")].every((name) => shared.find(name) === undefined));
});
