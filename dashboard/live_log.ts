import type { Deps } from "./deps.ts";
import { lineHtml } from "./log_lines.ts";
import { runFragments } from "./pages/fragments.tsx";
import { isActive } from "./run.ts";

/**
 * A run as a stream of server-sent events, from event number `from` on. Every frame of lines carries as its id the
 * number of the first event after it, which is where a browser that lost the connection goes on.
 *
 * | event | data |
 * | --- | --- |
 * | `lines` | `[{stage, number, html}]` |
 * | `state` | parts of the page that changed, see {@linkcode runFragments} |
 * | `end` | the run is over; nothing more will come |
 *
 * Nothing is kept for a viewer but its position: the next piece is read from the file when the last one has been
 * taken, so a slow viewer waits for itself alone.
 */
export function liveLog(deps: Deps, run: string, options: { from: number }): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const frames = liveFrames(deps, run, { from: options.from, signal: gone.signal });
  return new ReadableStream({
    async pull(controller) {
      const next = await frames.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      gone.abort();
      await frames.return(undefined);
    },
  });
}

async function* liveFrames(
  deps: Deps,
  run: string,
  options: { from: number; signal: AbortSignal },
): AsyncGenerator<string, void> {
  const { store, files, hub, clock } = deps;
  let next = options.from;
  yield "retry: 2000\n\n";
  while (true) {
    const version = hub.version(run);
    const known = store.detail(run);
    if (known === undefined) return;
    if (known.events > next) {
      for await (const batch of files.read(run, store.positionBeforeEvent(run, next), known.bytes)) {
        const lines = batch.flatMap(({ index, event, line }) =>
          event.type !== "log" || line === null || index < next ? [] : [{
            stage: event.stage,
            number: line,
            html: lineHtml(run, {
              stage: event.stage,
              number: line,
              at: Date.parse(event.t),
              text: event.line,
            }),
          }]
        );
        next = Math.max(next, (batch.at(-1)?.index ?? -1) + 1);
        if (lines.length > 0) yield frame("lines", lines, next);
      }
    }
    yield frame("state", runFragments(known, { store, now: clock.now() }), next);
    if (!isActive(known)) {
      yield frame("end", {}, next);
      return;
    }
    await hub.wait(run, { version, ms: deps.keepAliveMs ?? 15_000, signal: options.signal });
    if (options.signal.aborted || hub.closed) return;
    if (hub.version(run) === version) yield ": still here\n\n";
  }
}

function frame(event: string, data: unknown, id: number): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
