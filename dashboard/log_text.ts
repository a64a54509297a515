import type { StageName } from "../protocol/result.ts";
import { plainLine } from "./ansi.ts";
import type { Deps } from "./deps.ts";
import type { Run } from "./run.ts";

/** A run's log as text, read piece by piece as it is taken. @param stage the one wanted; `null`: all, named */
export function logText(
  deps: Pick<Deps, "files">,
  run: Run,
  stage: StageName | null,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const batches = deps.files.read(run.run, { event: 0, byte: 0, lines: {} }, run.bytes);
  return new ReadableStream({
    async pull(controller) {
      while (true) {
        const next = await batches.next();
        if (next.done) return controller.close();
        const text = next.value.map(({ event }) =>
          event.type !== "log" || stage !== null && event.stage !== stage
            ? ""
            : `${event.t} ${stage === null ? `[${event.stage}] ` : ""}${plainLine(event.line)}\n`
        ).join("");
        if (text !== "") return controller.enqueue(encoder.encode(text));
      }
    },
    async cancel() {
      await batches.return(undefined);
    },
  });
}
