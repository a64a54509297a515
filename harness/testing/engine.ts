import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import * as schema from "../swarm/schema.ts";

/** What an engine says of itself that manages a Swarm and keeps its data in this folder. */
export function engineInfo(root: string) {
  return schema.info.parse({
    DockerRootDir: root,
    Architecture: "x86_64",
    Swarm: { LocalNodeState: "active", ControlAvailable: true },
  });
}

/** The socket of an engine whose calls a test answers, in a folder of its own. */
export async function engineSocket(answer: RequestListener) {
  const folder = await Deno.makeTempDir();
  const socket = join(folder, "docker.sock");
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    folder,
    socket,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Deno.remove(folder, { recursive: true });
    },
  };
}
