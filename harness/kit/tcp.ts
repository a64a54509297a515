import { call, opened } from "./call.ts";

export interface ReadOptions {
  /** Text up to which to read; what follows it is kept for the next read. @default whatever arrives first */
  until?: string;
  /** Milliseconds until the test fails. @default 30000 */
  timeoutMs?: number;
}

/** A connection to a port of the app. */
export interface Connection {
  write(data: string | Uint8Array): Promise<void>;
  /** What the other side says, as text; empty once it has closed its end. */
  read(options?: ReadOptions): Promise<string>;
  /** The same as bytes. */
  readBytes(options?: ReadOptions): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Connects to a port of the app that is not for the web: to a service by its name in `compose.yml`, whether the port is
 * published or not, or to a port that the app publishes by one of its domains, as its users do. With `tls` the
 * connection is encrypted, and the certificate, which is the app's own affair, is not verified.
 *
 * ```ts
 * import { match } from "node:assert/strict";
 * import { tcp, test } from "cc-ci";
 *
 * test("the mail server greets, and says goodbye", async () => {
 *   const mail = await tcp("app", 25);
 *   match(await mail.read({ until: "\r\n" }), /^220 /);
 *   await mail.write("QUIT\r\n");
 *   match(await mail.read({ until: "\r\n" }), /^221 /);
 *   await mail.close();
 * });
 * ```
 */
export async function tcp(
  target: string,
  port: number,
  options: { tls?: boolean; timeoutMs?: number } = {},
): Promise<Connection> {
  const id = await call("tcp.open", { target, port, ...options }) as number;
  const close = () => call("tcp.close", { connection: id });
  opened.add(close);
  const readBytes = async (options: ReadOptions = {}) =>
    Uint8Array.fromBase64(await call("tcp.read", { connection: id, ...options }) as string);
  return {
    write: async (data) => {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      await call("tcp.write", { connection: id, data: bytes.toBase64() });
    },
    read: async (options) => new TextDecoder().decode(await readBytes(options)),
    readBytes,
    close: async () => {
      opened.delete(close);
      await close();
    },
  };
}
