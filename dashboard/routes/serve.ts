import { splitAddress } from "../../common/ingress.ts";
import { logger } from "../../common/log.ts";
import type { Clock } from "../../common/time.ts";
import type { Tls } from "../../common/tls.ts";
import { UsageError } from "../../common/errors.ts";
import { createApp } from "./app.tsx";
import type { Deps } from "../views/deps.ts";

const log = logger("dashboard");

/** How long open requests may take to finish when the program is told to end. */
const DRAIN_MS = 5_000;

/**
 * Serves until `stop` aborts; then ends the live streams, lets other requests finish for a moment and returns.
 * @throws {UsageError} when the address is taken, or the certificate cannot be used
 */
export async function serve(
  deps: Deps,
  options: { listen: string; tls?: Tls; stop: AbortSignal; clock: Clock },
): Promise<void> {
  const [hostname, port] = splitAddress(options.listen);
  const app = createApp(deps);
  let server: Deno.HttpServer;
  try {
    server = Deno.serve({
      hostname,
      port,
      ...options.tls,
      onListen: (address) => log.info("Listening", { hostname: address.hostname, port: address.port }),
    }, (request) => app.fetch(request));
  } catch (cause) {
    throw new UsageError(`Could not listen on ${options.listen}`, { cause });
  }
  if (!options.stop.aborted) {
    await new Promise<void>((resolve) =>
      options.stop.addEventListener("abort", () => resolve(), { once: true })
    );
  }
  log.info("Ending");
  deps.hub[Symbol.dispose]();
  const drained = new AbortController();
  await Promise.race([
    server.shutdown().finally(() => drained.abort()),
    options.clock.sleep(DRAIN_MS, drained.signal).catch(() => {}),
  ]);
}
