import type { Deps } from "./deps.ts";
import { lineHtml } from "./log_lines.ts";
import { runFragments } from "./pages/fragments.tsx";
import { isActive, type Run } from "./run.ts";
import { sharedFrames } from "./shared_frames.ts";

/** What a browser gives as the last thing it saw when it saw the end of a run. */
export const END = "end";

/** Events that are made into frames once for all who watch; who lags further behind reads alone. */
const MOST_SHARED = 2_000;

/**
 * A run as a stream of server-sent events, from event number `from` on. Every frame of lines carries as its id the
 * number of the first event after it, which is where a browser that lost the connection goes on.
 *
 * | event | data |
 * | --- | --- |
 * | `lines` | `[{stage, number, html}]` |
 * | `state` | parts of the page that changed, see {@linkcode runFragments} |
 * | `end` | the run is over; nothing more will come; its id is {@linkcode END} |
 *
 * Nothing is kept for a viewer but its position: the next piece is read from the file when the last one has been
 * taken, so a slow viewer waits for itself alone.
 */
export async function* liveLog(
  deps: Deps,
  run: string,
  options: { from: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array, void> {
  const { store, hub, clock } = deps;
  const shared = sharedFrames(deps);
  let next = options.from;
  yield encoder.encode("retry: 2000\n\n");
  while (true) {
    const version = hub.version(run);
    const known = store.find(run);
    if (known === undefined) return;
    const read = { next, known };
    if (known.events - next > MOST_SHARED) {
      for await (const part of lineFrames(deps, read)) yield part;
    } else if (known.events > next) {
      const parts = await shared.get(`${run} lines ${next} ${known.events}`, async () => {
        const all: Uint8Array[] = [];
        for await (const part of lineFrames(deps, read)) all.push(part);
        return all;
      });
      yield* parts;
    }
    next = Math.max(next, known.events);
    yield* await shared.get(`${run} state ${version} ${next} ${Math.floor(clock.now() / 1000)}`, () => {
      const detail = store.detail(run);
      return detail === undefined
        ? []
        : [frame("state", runFragments(detail, { store, now: clock.now() }), next)];
    });
    if (!isActive(known)) {
      yield frame("end", {}, END);
      return;
    }
    await hub.wait(run, { version, ms: deps.keepAliveMs ?? 15_000, signal: options.signal });
    if (options.signal.aborted || hub.closed) return;
    if (hub.version(run) === version) yield encoder.encode(": still here\n\n");
  }
}

/** The log from event `next` to what was known, as frames of some lines each. */
async function* lineFrames(
  { store, files }: Deps,
  { next, known }: { next: number; known: Run },
): AsyncGenerator<Uint8Array> {
  const { run } = known;
  for await (const batch of files.read(run, store.log.positionBeforeEvent(run, next), known.bytes)) {
    const lines = batch.flatMap(({ index, event, line }) =>
      event.type !== "log" || line === null || index < next ? [] : [{
        stage: event.stage,
        number: line,
        html: lineHtml(run, { stage: event.stage, number: line, at: Date.parse(event.t), text: event.line }),
      }]
    );
    if (lines.length > 0) yield frame("lines", lines, Math.max(next, (batch.at(-1)?.index ?? -1) + 1));
  }
}

const encoder = new TextEncoder();

function frame(event: string, data: unknown, id: number | typeof END): Uint8Array {
  return encoder.encode(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
