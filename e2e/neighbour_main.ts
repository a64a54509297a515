import { createSocket } from "node:dgram";

/**
 * `deno run neighbour_main.ts ADDRESS PORT…`: a machine's services, for tests. Each port that is named answers HTTP and,
 * by UDP, sends a datagram back; a line on standard output says that all of them answer.
 */
const [hostname = "", ...ports] = Deno.args;
for (const port of ports.map(Number)) {
  Deno.serve({ hostname, port, onListen: () => {} }, () => new Response("here\n"));
  const socket = createSocket("udp4");
  socket.on("message", (datagram, from) => socket.send(datagram, from.port, from.address));
  await new Promise<unknown>((resolve) => {
    socket.once("error", resolve); // the kernel has Swarm's own port on all addresses
    socket.bind(port, hostname, () => resolve(undefined));
  });
}
Deno.stdout.writeSync(new TextEncoder().encode("all answer\n"));
