import assert from "node:assert/strict";
import { FileLock } from "./file_lock.ts";

const spawner = `
  for (let left = 300; left > 0; left--) await new Deno.Command("true").output();
  postMessage("done");
`;

Deno.test("a lock that was given back is free at once, whatever is being started meanwhile", async () => {
  const path = await Deno.makeTempFile();
  const url = `data:text/javascript,${encodeURIComponent(spawner)}`;
  const workers = [1, 2].map(() => new Worker(url, { type: "module" }));
  try {
    let working = workers.length;
    const done = workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve));
    const all = Promise.all(done.map((one) => one.then(() => working--)));
    let rounds = 0;
    while (working > 0) {
      const lock = await FileLock.take(path);
      assert.notEqual(lock, null, `not free in round ${rounds++}`);
      lock?.[Symbol.dispose]();
      rounds++;
    }
    await all;
    assert.ok(rounds > 10);
  } finally {
    for (const worker of workers) worker.terminate();
    await Deno.remove(path);
  }
});
