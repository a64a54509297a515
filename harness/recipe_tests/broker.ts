import type { BrokerState } from "./broker_call.ts";
import { brokerMethods } from "./broker_methods.ts";
import { FirstBytes } from "../../common/bounded_bytes.ts";
import { CcciError, describeError } from "../../common/errors.ts";
import { type Broker, BrokerError, type BrokerOptions } from "./broker_types.ts";
import type { Page } from "../browser/browser.ts";

/** Bytes of one request; one with a body of 8 MiB fits. */
const MAX_REQUEST = 12 * 1024 * 1024;
/** Bytes of all requests that are being read at a time. */
const MAX_READING = 4 * MAX_REQUEST;
const MAX_CONNECTIONS = 16;
const MAX_CALLS = 20_000;
const MAX_MESSAGE = 4_000;

/**
 * Serves the kit's calls on a Unix socket: it reads one line of JSON, answers with one, and closes the connection. A
 * test can reach nothing else, so each call is checked here: addresses against the run's domains, services against the
 * stack, and sizes, counts and times against limits.
 */
export function startBroker(socketPath: string, options: BrokerOptions): Promise<Broker> {
  const listener = Deno.listen({ transport: "unix", path: socketPath });
  const stop = new AbortController();
  const screenshots: string[] = [];
  const pages = new Map<number, Page>();
  const state: BrokerState = {
    options,
    pages,
    pagesOpened: 0,
    connections: new Map(),
    connectionsOpened: 0,
    screenshots,
    signal: stop.signal,
  };
  const connections = new Map<Deno.Conn, Promise<void>>();
  const room: Room = { left: MAX_READING };
  let calls = 0;

  const serve = async (connection: Deno.Conn) => {
    try {
      const busy = connections.size >= MAX_CONNECTIONS || ++calls > MAX_CALLS;
      const line = busy ? "busy" as const : await readLine(connection, room);
      if (line === undefined) return;
      const answer = typeof line === "string" ? failure(refusals[line]) : await answerTo(line.text, state);
      await writeAll(connection, new TextEncoder().encode(`${JSON.stringify(answer)}\n`));
    } catch { // the test has closed its end
    } finally {
      connections.delete(connection);
      close(connection);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) connections.set(connection, serve(connection));
  })();

  let stopped: Promise<void> | undefined;
  const end = async () => {
    listener.close();
    stop.abort(new BrokerError("broker.closed", "The test is over"));
    const serving = [...connections.values()];
    for (const connection of connections.keys()) close(connection);
    await accepting;
    await Promise.all(serving);
    const opened = [...pages.values(), ...state.connections.values()];
    await Promise.all(opened.map((one) => one[Symbol.asyncDispose]()));
    await Deno.remove(socketPath).catch(() => {});
  };
  return Promise.resolve({
    socketPath,
    screenshots,
    [Symbol.asyncDispose]: () => stopped ??= end(),
  });
}

const refusals = {
  busy: new BrokerError("broker.limit", "Too many calls at once, or too many in all"),
  long: new BrokerError(
    "broker.limit",
    `A call may have ${MAX_REQUEST} bytes, and all calls that are under way ${MAX_READING} together`,
  ),
};

type Answer = { ok: true; value: unknown } | { ok: false; error: { code: string; message: string } };

async function answerTo(line: string, state: BrokerState): Promise<Answer> {
  let request: { method?: unknown; params?: unknown };
  try {
    request = JSON.parse(line);
  } catch (cause) {
    return failure(new BrokerError("broker.request", "Could not read the call", { cause }));
  }
  const method = String(request?.method);
  const handler = Object.hasOwn(brokerMethods, method) ? brokerMethods[method] : undefined;
  if (handler === undefined) {
    return failure(new BrokerError("broker.request", `There is no call "${method}"`));
  }
  try {
    return { ok: true, value: await handler(request.params, state) ?? null };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): Answer {
  const code = error instanceof CcciError ? error.code : "broker.failed";
  return { ok: false, error: { code, message: describeError(error).slice(0, MAX_MESSAGE) } };
}

/** Bytes that requests may still take while they are read. */
interface Room {
  left: number;
}

/**
 * The first line of a connection, without its end; `undefined` when the connection ends before, `long` for a line that
 * is longer than there is room for.
 */
async function readLine(
  connection: Deno.Conn,
  room: Room,
): Promise<{ text: string } | "long" | undefined> {
  const line = new FirstBytes(MAX_REQUEST);
  const buffer = new Uint8Array(64 * 1024);
  try {
    while (true) {
      const count = await connection.read(buffer);
      if (count === null) return undefined;
      const end = buffer.subarray(0, count).indexOf(10);
      const piece = buffer.subarray(0, end === -1 ? count : end);
      room.left -= piece.length;
      if (!line.add(piece) || room.left < 0) return "long";
      if (end !== -1) return { text: line.text() };
    }
  } finally {
    room.left += line.size;
  }
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* closed already */ }
}
