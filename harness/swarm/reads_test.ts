import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { pack } from "tar-stream";
import { engineSocket } from "../testing/engine.ts";
import { execIn, getFile } from "./exec.ts";
import { Swarm } from "./swarm.ts";

/** An engine whose containers say and hold more than anybody wants to know. */
async function withEngine(
  answer: (path: string) => AsyncIterable<Uint8Array> | string,
  work: (swarm: Swarm, sent: () => number) => Promise<void>,
) {
  let sent = 0;
  await using engine = await engineSocket(async (request, response) => {
    const said = answer(request.url ?? "");
    if (typeof said === "string") {
      response.writeHead(200, { "content-type": "application/json" }).end(said);
      return;
    }
    response.writeHead(200, { "content-type": "application/x-tar" });
    for await (const piece of said) {
      if (response.destroyed) return;
      sent += piece.length;
      if (!response.write(piece)) {
        await new Promise<void>((resolve) => {
          response.once("drain", resolve);
          response.once("close", resolve);
        });
      }
    }
    response.end();
  });
  await work(new Swarm(engine.socket), () => sent);
}

const MIB = 1024 * 1024;

/** An archive with one file of so many MiB. */
function archive(mib: number): AsyncIterable<Uint8Array> {
  const tar = pack();
  const entry = tar.entry({ name: "marker", size: mib * MIB });
  let left = mib;
  const more = () => {
    while (left-- > 0) if (!entry.write(Buffer.alloc(MIB, "x"))) return void entry.once("drain", more);
    entry.end(undefined);
    tar.finalize();
  };
  more();
  return tar as unknown as AsyncIterable<Uint8Array>;
}

Deno.test("of a file of 700 MB in the place of a marker some kB are read", () =>
  withEngine(() => archive(700), async (swarm, sent) => {
    const text = await getFile(swarm, "c", "/data/marker");
    assert.equal(text?.length, 64 * 1024);
    assert.ok(sent() < 20 * MIB, `${sent()} bytes were fetched`);
  }));

Deno.test("a file that is there is read whole", () =>
  withEngine(() => {
    const tar = pack();
    tar.entry({ name: "marker" }, "hello\n");
    tar.finalize();
    return tar as unknown as AsyncIterable<Uint8Array>;
  }, async (swarm) => assert.equal(await getFile(swarm, "c", "/marker"), "hello\n")));

/** Output of a container in the Engine's frames. */
async function* endless(): AsyncGenerator<Uint8Array> {
  const line = "y".repeat(65_536);
  const head = Buffer.from([1, 0, 0, 0, 0, 1, 0, 0]);
  for (let count = 0; count < 10_000; count++) yield Buffer.concat([head, Buffer.from(line)]);
}

/** Output of a container in one frame. */
function frame(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8, 0);
  head[0] = 1;
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

Deno.test("of a log whose lines are too long its end is kept, which says why a container ended", () =>
  withEngine(async function* () {
    for (let count = 0; count < 100; count++) yield frame(`${"y".repeat(100_000)}\n`);
    yield frame("panic: no space left\n");
  }, async (swarm) => {
    const lines = await swarm.logs("c", 200);
    assert.equal(lines[0], "… (the beginning was left out)");
    assert.equal(lines.at(-1), "panic: no space left");
    assert.ok(lines.join("\n").length < 5 * MIB);
    assert.equal((await swarm.logs("c", 3)).length, 3);
  }));

Deno.test("a log that ends within its limit is read whole, with frames and without", async () => {
  for (const pieces of [[frame("one\ntw"), frame("o\n\n")], [Buffer.from("one\r\ntwo\r\n")]]) {
    await withEngine(
      async function* () {
        yield* pieces;
      },
      async (swarm) => assert.deepEqual(await swarm.logs("c", 20), ["one", "two"]),
    );
  }
});

Deno.test("of a log only what was printed since a moment is asked for, in seconds", async () => {
  const asked: string[] = [];
  await withEngine((path) => {
    asked.push(new URL(path, "http://engine").searchParams.get("since") ?? "all");
    return "";
  }, async (swarm) => {
    await swarm.logs("c", 20, { since: 1_767_225_600_250 });
    await swarm.logs("c", 20);
  });
  assert.deepEqual(asked, ["1767225600.25", "all"]);
});

Deno.test("of a log without an end nothing is taken for its end", () =>
  withEngine(() => endless(), async (swarm, sent) => {
    assert.deepEqual(await swarm.logs("c", 20), ["… (its output has no end that could be read)"]);
    assert.ok(sent() < 100 * MIB, `${sent()} bytes were fetched`);
  }));

Deno.test("of a command's output the end is kept, and that it is no more than the end is told", () =>
  withEngine((path) => {
    if (path.endsWith("/start")) {
      return (async function* () {
        let count = 0;
        for await (const frame of endless()) {
          if (++count <= 200) yield frame;
          else return;
        }
      })();
    }
    return JSON.stringify(path.endsWith("/exec") ? { Id: "e" } : { ExitCode: 0, Running: false });
  }, async (swarm) => {
    let seen = 0;
    const { code, stdout, cut } = await execIn(swarm, "c", {
      argv: ["yes"],
      onOutput: (bytes) => void (seen += bytes.length),
    });
    assert.deepEqual([code, cut, seen], [0, true, 200 * 65_536]);
    assert.ok(stdout.length > 3 * MIB && stdout.length <= 4 * MIB, String(stdout.length));
  }));
