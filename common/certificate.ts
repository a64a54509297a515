import { connect } from "node:tls";
import { splitAddress } from "./ingress.ts";

/** Milliseconds after which a proxy that does not answer is given up. */
const PATIENCE_MS = 10_000;

/**
 * When the certificate ends with which a proxy answers for a name. It is looked at and not verified: one that has ended
 * is what the caller wants to know of.
 * @param address `host:port` of the proxy
 * @returns null when no certificate is to be had there
 */
export function certificateEnd(
  address: string,
  { name, patienceMs = PATIENCE_MS }: { name: string; patienceMs?: number },
): Promise<Date | null> {
  const [host, port] = splitAddress(address);
  const { promise, resolve } = Promise.withResolvers<Date | null>();
  const socket = connect({ host, port, servername: name, rejectUnauthorized: false });
  socket.once("secureConnect", () => {
    const ends = new Date(socket.getPeerCertificate().valid_to);
    resolve(Number.isNaN(ends.getTime()) ? null : ends);
  });
  socket.once("error", () => resolve(null));
  socket.once("close", () => resolve(null));
  socket.setTimeout(patienceMs, () => resolve(null));
  return promise.finally(() => socket.destroy());
}
