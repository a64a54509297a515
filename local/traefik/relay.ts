/**
 * Takes TLS connections at one address and hands what is in them to another one, where a program listens that does
 * not speak TLS. What does not begin with TLS is refused.
 */
export function relay(
  from: { hostname: string; port: number; cert: string; key: string },
  to: { hostname: string; port: number },
): Deno.Listener {
  const listener = Deno.listenTls({ ...from, alpnProtocols: ["http/1.1"] });
  void take(listener, to);
  return listener;
}

async function take(listener: Deno.TlsListener, to: { hostname: string; port: number }): Promise<void> {
  while (true) {
    try {
      void pass(await listener.accept(), to);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return; // is closed
    }
  }
}

/** Passes on what one connection says, and closes both sides when either has said all. */
async function pass(connection: Deno.TlsConn, to: { hostname: string; port: number }): Promise<void> {
  using outside = connection;
  try {
    await outside.handshake();
    using inside = await Deno.connect(to);
    await Promise.all([
      outside.readable.pipeTo(inside.writable),
      inside.readable.pipeTo(outside.writable),
    ]);
  } catch { /* one of the two is gone, or there was no TLS */ }
}

/**
 * Hands connections on as they are, and says before that from where they come, as version 1 of the PROXY protocol does.
 * Containers find the proxy by this, which listens on loopback; to the proxy they remain who they are.
 */
export function passOn(from: Place, to: Place): Deno.Listener {
  return handOn(
    from,
    to,
    ({ remoteAddr: client, localAddr: here }) =>
      `PROXY TCP4 ${client.hostname} ${here.hostname} ${client.port} ${here.port}\r\n`,
  );
}

interface Place {
  hostname: string;
  port: number;
}

/** Hands connections on as they are. @param introduce what is said before all that comes from them */
export function handOn(
  from: Place,
  to: Place,
  introduce: (connection: Deno.TcpConn) => string = () => "",
): Deno.Listener {
  const listener = Deno.listen(from);
  void (async () => {
    for await (const connection of listener) void handOver(connection, to, introduce(connection));
  })();
  return listener;
}

async function handOver(connection: Deno.TcpConn, to: Place, words: string): Promise<void> {
  using outside = connection;
  try {
    using inside = await Deno.connect(to);
    const writer = inside.writable.getWriter();
    await writer.write(new TextEncoder().encode(words));
    writer.releaseLock();
    await Promise.all([
      outside.readable.pipeTo(inside.writable),
      inside.readable.pipeTo(outside.writable),
    ]);
  } catch { /* one of the two is gone */ }
}
