import assert from "node:assert/strict";
import { join } from "node:path";
import { waitFor } from "../../common/time.ts";
import { takeTurn } from "./as_host.ts";
import { lockStack } from "./lock.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { createProgress, silentProgress } from "../host/progress.ts";

Deno.test("a second start waits for the first, and says for whom", async () => {
  const folder = await Deno.makeTempDir();
  const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
  const order: string[] = [];
  let shown = "";
  const progress = createProgress({
    write: (text) => shown += text,
    tty: true,
    columns: () => 200,
    now: () => 0,
  });
  try {
    const first = await lockStack(paths, { progress: silentProgress });
    const second = lockStack(paths, { progress }).then((lock) => {
      order.push("second");
      return lock;
    });
    await waitFor(() => shown.includes(`process ${Deno.pid}`), {
      what: "the line",
      timeoutMs: 60_000,
      everyMs: 5,
    });
    order.push("first");
    first[Symbol.dispose]();
    (await second)[Symbol.dispose]();
    assert.deepEqual(order, ["first", "second"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a start that waits for a stop brings up the stack that the stop has left, unless it is told how", async () => {
  const folder = await Deno.makeTempDir();
  const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
  const signal = AbortSignal.timeout(60_000);
  const start = async (likeProduction?: boolean) => {
    const host = join(paths.state, "host");
    await Deno.mkdir(host, { recursive: true });
    const stop = await lockStack(paths, { progress: silentProgress });
    const waiting = Promise.withResolvers<void>();
    const progress = createProgress({
      ...{ write: () => waiting.resolve(), tty: false },
      ...{ columns: () => 200, now: () => 0 },
    });
    const turn = takeTurn(paths, { likeProduction, progress, signal });
    await waiting.promise;
    await Deno.remove(host);
    stop[Symbol.dispose]();
    const { lock, asHost } = await turn;
    lock[Symbol.dispose]();
    return asHost;
  };
  try {
    assert.deepEqual([await start(), await start(true)], [false, true]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("waiting for the lock can be given up", async () => {
  const folder = await Deno.makeTempDir();
  const paths = pathsFromEnvironment((name) => name === "CCCI_CACHE" ? folder : undefined);
  try {
    using _first = await lockStack(paths, { progress: silentProgress });
    await assert.rejects(
      lockStack(paths, { progress: silentProgress, signal: AbortSignal.abort(new Error("enough")) }),
      /enough/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
