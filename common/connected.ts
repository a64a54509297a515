import type { Socket } from "node:net";

/**
 * Waits for a socket that is on its way.
 * @param options.event what it says once it can be used: `secureConnect` with TLS @default "connect"
 * @returns the socket
 * @throws why it could not be connected, or the signal's reason; the socket is destroyed then
 */
export async function connected(
  socket: Socket,
  { event = "connect", signal }: { event?: "connect" | "secureConnect"; signal: AbortSignal },
): Promise<Socket> {
  const ready = Promise.withResolvers<Socket>();
  const giveUp = () => ready.reject(signal.reason);
  socket.once(event, () => ready.resolve(socket));
  socket.once("error", ready.reject);
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await ready.promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
