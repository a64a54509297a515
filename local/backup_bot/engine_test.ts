import { deepEqual, equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { demultiplex, engineAt } from "./engine.ts";

function frame(stream: number, text: string | Uint8Array): Uint8Array {
  const payload = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const bytes = new Uint8Array(8 + payload.length);
  bytes[0] = stream;
  new DataView(bytes.buffer).setUint32(4, payload.length);
  bytes.set(payload, 8);
  return bytes;
}

Deno.test("output and errors come as one text, characters cut between frames too", () => {
  const smiley = new TextEncoder().encode("☺");
  const parts = [frame(1, "out "), frame(2, "err "), frame(1, smiley.slice(0, 1)), frame(1, smiley.slice(1))];
  equal(demultiplex(new Uint8Array(parts.flatMap((part) => [...part]))), "out err ☺");
  equal(demultiplex(new Uint8Array()), "");
});

Deno.test("the engine is asked over its socket: newest container, commands with their exit code, refusals", async () => {
  const folder = await Deno.makeTempDir();
  const socket = join(folder, "docker.sock");
  const asked: unknown[] = [];
  const server = Deno.serve({ path: socket, onListen: () => {} }, async (request) => {
    const path = new URL(request.url).pathname;
    if (request.method === "POST") asked.push(await request.json());
    if (path === "/containers/json") {
      return Response.json([{ Id: "old", Names: ["/a.1"], Created: 1 }, {
        Id: "new",
        Names: ["/a.2"],
        Created: 2,
      }]);
    }
    if (path === "/containers/new/exec") return Response.json({ Id: "e" }, { status: 201 });
    if (path === "/exec/e/start") return new Response(frame(2, "no such file\n").slice());
    if (path === "/exec/e/json") return Response.json({ ExitCode: 2 });
    return Response.json({ message: "page not found" }, { status: 404 });
  });
  try {
    using engine = engineAt(socket);
    deepEqual(await engine.containerOf("note_ci_app"), { id: "new", name: "a.2" });
    deepEqual(await engine.exec("new", ["ls", "x"]), { code: 2, output: "no such file\n" });
    deepEqual(asked[0], { AttachStdout: true, AttachStderr: true, Cmd: ["ls", "x"] });
    await rejects(engine.services(), /refused \/services: .*page not found/);
  } finally {
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});
