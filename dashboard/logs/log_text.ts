import type { StageName } from "../../protocol/result.ts";
import { plainLine } from "../../common/plain_text.ts";
import type { Deps } from "../views/deps.ts";
import type { Run } from "../model/run.ts";

/**
 * A run's log as text, read piece by piece as it is taken, and no further than to the last line wanted.
 * @param of the stage wanted and how many lines it has; `null`: all stages, each line with its stage
 */
export function logText(
  { files, store }: Pick<Deps, "files" | "store">,
  run: Run,
  of: { stage: StageName; lines: number } | null,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const start = of === null
    ? { event: 0, byte: 0, lines: {} }
    : store.log.positionBeforeLine(run.run, { stage: of.stage, number: 1 });
  const pieces = files.read(run.run, start, run.bytes);
  let left = of?.lines ?? Infinity;
  return new ReadableStream({
    async pull(controller) {
      while (left > 0) {
        const next = await pieces.next();
        if (next.done) break;
        const lines = next.value.flatMap(({ event }) =>
          event.type !== "log" || of !== null && event.stage !== of.stage
            ? []
            : [`${event.t} ${of === null ? `[${event.stage}] ` : ""}${plainLine(event.line)}\n`]
        ).slice(0, left);
        left -= lines.length;
        if (lines.length > 0) return controller.enqueue(encoder.encode(lines.join("")));
      }
      await pieces.return(undefined);
      controller.close();
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
