import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import * as z from "zod";
import { describeError } from "../../common/errors.ts";
import { type BrokerState, type Handler, MAX_BODY, method, timeout } from "./broker_call.ts";
import { BrokerError } from "./broker_types.ts";
import { connected } from "../../common/connected.ts";
import { OpenConnection } from "./open_connection.ts";

const MAX_CONNECTIONS = 8;

const onConnection = z.object({ connection: z.number().int() });

/** What answers the calls of the kit's `tcp`. */
export const tcpMethods: Record<string, Handler> = {
  "tcp.open": method(
    z.object({
      target: z.string().max(300),
      port: z.number().int().min(1).max(65_535),
      tls: z.boolean().default(false),
      timeoutMs: timeout.default(30_000),
    }),
    async ({ target, port, tls, timeoutMs }, state) => {
      const { options, connections, signal } = state;
      if (!options.services.includes(target) && !options.domains.includes(target)) {
        throw new BrokerError(
          "broker.target",
          `The app has no service "${target}" and no such domain; it has ${
            [...options.services, ...options.domains].join(", ")
          }`,
        );
      }
      if (options.locate === undefined) {
        throw new BrokerError("broker.tcp", "Ports of the app are not to be reached where this test runs");
      }
      if (connections.size >= MAX_CONNECTIONS) {
        throw new BrokerError("broker.limit", `A test may have ${MAX_CONNECTIONS} connections open`);
      }
      const place = await options.locate(target, port);
      const socket = await connected(towards({ ...place, tls, name: target }), {
        event: tls ? "secureConnect" : "connect",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      }).catch((error) => {
        signal.throwIfAborted();
        throw new BrokerError(
          "broker.tcp",
          `Port ${port} of "${target}" cannot be reached: ${describeError(error)}`,
        );
      });
      const opened = new OpenConnection(socket);
      // The address may have become another app's meanwhile.
      const now = await options.locate(target, port).catch(() => null);
      if (signal.aborted || now?.host !== place.host || now.port !== place.port) {
        await opened[Symbol.asyncDispose]();
        signal.throwIfAborted();
        throw new BrokerError("broker.tcp", `Service "${target}" was started anew just now`);
      }
      const id = ++state.connectionsOpened;
      connections.set(id, opened);
      return id;
    },
  ),
  "tcp.write": method(
    onConnection.extend({ data: z.string().max(2 * MAX_BODY), timeoutMs: timeout.default(30_000) }),
    ({ connection, data, timeoutMs }, state) =>
      connectionOf(connection, state).write(Uint8Array.fromBase64(data), { timeoutMs }),
  ),
  "tcp.read": method(
    onConnection.extend({
      until: z.string().min(1).max(1_000).optional(),
      timeoutMs: timeout.default(30_000),
    }),
    async ({ connection, until, timeoutMs }, state) =>
      (await connectionOf(connection, state).read({ until, timeoutMs })).toBase64(),
  ),
  "tcp.close": method(onConnection, async ({ connection }, state) => {
    await connectionOf(connection, state)[Symbol.asyncDispose]();
    state.connections.delete(connection);
  }),
};

function connectionOf(id: number, { connections }: BrokerState): OpenConnection {
  const found = connections.get(id);
  if (found === undefined) throw new BrokerError("broker.request", "There is no such connection");
  return found;
}

/** A socket on its way, with TLS if that is asked for; nobody looks at certificates. */
function towards(
  { host, port, tls, name }: { host: string; port: number; tls: boolean; name: string },
): Socket {
  const named = name.includes(".") ? { servername: name } : {};
  return tls ? connectTls({ host, port, rejectUnauthorized: false, ...named }) : connectPlain({ host, port });
}
