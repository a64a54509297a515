import type { Deps } from "../views/deps.ts";
import { textHtml } from "../logs/log_lines.ts";
import { runFragments } from "../pages/fragments.tsx";
import { isActive, type Run } from "../model/run.ts";
import { sharedFrames } from "./shared_frames.ts";
import type { LogPosition } from "../store/rows.ts";

/** What a browser gives as the last thing it saw when it saw the end of a run. */
export const END = "end";

/**
 * Bytes of a batch of log that is made into frames once for all who watch; a larger one each reads alone. Markup takes
 * up to five times as many.
 */
const MOST_SHARED = 128 * 1024;
/**
 * Characters of lines in one frame, unless a single line is longer: the server keeps for each viewer a buffer as large
 * as the largest frame it ever got, and that of a new connection is 8 kB.
 */
const MOST_IN_FRAME = 6_500;
/** About how many characters a frame spends on a line beyond its text: quotes, and at worst the names of its fields. */
const JSON_AROUND = 40;

/**
 * A run as a stream of server-sent events, from event number `from` on, one in a frame. Every frame of lines carries as
 * its id the number of the first event after it, which is where a browser that lost the connection goes on.
 *
 * | event | data |
 * | --- | --- |
 * | `lines` | `[{stage, first, html}]`: what some lines of a stage say, the first of them having that number |
 * | `state` | one part of the page that changed, see {@linkcode runFragments} |
 * | `end` | the run is over; nothing more will come; its id is {@linkcode END} |
 *
 * Nothing is kept for a viewer but its position: the next piece is read from the file when the last one has been
 * taken, so a slow viewer waits for itself alone.
 */
export async function* liveLog(
  deps: Deps,
  run: string,
  options: { from: number; signal: AbortSignal },
): AsyncGenerator<readonly Uint8Array[], void> {
  const { store, hub, clock } = deps;
  const shared = sharedFrames(deps);
  using _ = shared.watch(run);
  let next = options.from;
  /** The parts of the page as this viewer has them. Others that have the same have these very bytes. */
  let shown: readonly Uint8Array[] = [];
  yield [encoder.encode("retry: 2000\n\n")];
  while (true) {
    const version = hub.version(run);
    const known = store.find(run);
    if (known === undefined) return;
    if (known.events > next) yield* linesSince(deps, { next, known });
    next = Math.max(next, known.events);
    const state = () => {
      const detail = store.detail(run);
      if (detail === undefined) return [];
      const { shape, fragments } = runFragments(detail, { deps, now: clock.now() });
      return fragments.map((fragment) => frame("state", { shape, fragments: [fragment] }));
    };
    const piece = `state ${version} ${Math.floor(clock.now() / 1000)}`;
    const parts = await shared.get({ run, piece }, state);
    const changed = parts.filter((part, at) => !same(shown[at], part));
    shown = parts;
    yield changed;
    if (!isActive(known)) {
      yield [frame("end", {}, END)];
      return;
    }
    await hub.wait(run, { version, ms: deps.keepAliveMs ?? 15_000, signal: options.signal });
    if (options.signal.aborted || hub.closed) return;
    if (hub.version(run) === version) yield [encoder.encode(": still here\n\n")];
  }
}

/**
 * The log from event `next` on to where the run was known, as frames. It goes batch by batch, as the harness sent them:
 * those of one batch are shared by all who come to it, also by those who lag. From where a visitor likes to begin
 * instead, of which there is no end, each reads the rest of that batch alone.
 */
async function* linesSince(
  deps: Deps,
  { next, known }: { next: number; known: Run },
): AsyncGenerator<readonly Uint8Array[]> {
  const { run } = known;
  const shared = sharedFrames(deps);
  while (next < known.events) {
    const newest = shared.find({ run, piece: `lines ${next} ${known.events}` });
    if (newest !== undefined) {
      yield await newest;
      return;
    }
    const place = deps.store.log.positionBeforeEvent(run, next);
    const end = deps.store.log.batchAfterEvent(run, next) ?? { event: known.events, byte: known.bytes };
    const frames = () => lineFrames(deps, { run, next, place, end: end.byte });
    if (place.event !== next || end.byte - place.byte > MOST_SHARED) {
      for await (const frame of frames()) yield [frame];
    } else {
      yield await shared.get({ run, piece: `lines ${next} ${end.event}` }, () => Array.fromAsync(frames()));
    }
    next = end.event;
  }
}

async function* lineFrames(
  { files }: Deps,
  { run, next, place, end }: { run: string; next: number; place: LogPosition; end: number },
): AsyncGenerator<Uint8Array> {
  for await (const batch of files.read(run, place, end)) {
    let parts: { stage: string; first: number; html: string[] }[] = [];
    let size = 0;
    for (const { index, event, line } of batch) {
      if (event.type !== "log" || line === null || index < next) continue;
      const { stage } = event;
      const html = textHtml(run, { stage, number: line, at: Date.parse(event.t), text: event.line });
      if (parts.length > 0 && size + html.length > MOST_IN_FRAME) {
        yield frame("lines", parts, index);
        parts = [];
        size = 0;
      }
      const last = parts.at(-1);
      if (last?.stage === stage && last.first + last.html.length === line) last.html.push(html);
      else parts.push({ stage, first: line, html: [html] });
      size += html.length + JSON_AROUND;
    }
    if (parts.length > 0) yield frame("lines", parts, Math.max(next, (batch.at(-1)?.index ?? -1) + 1));
  }
}

const encoder = new TextEncoder();

/** @param id where whoever saw the frame goes on; a frame without one leaves that as it was */
function frame(event: string, data: unknown, id?: number | typeof END): Uint8Array {
  const named = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`${named}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one === other || one?.length === other.length && one.every((byte, at) => byte === other[at]);
}
