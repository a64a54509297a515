import { dirname } from "node:path";
import { pollUntil } from "../../common/time.ts";
import { FileLock } from "../../common/file_lock.ts";
import { HostError } from "../errors.ts";

/** Another call of this program has that long to end. */
const TURN_MS = 900_000;

/** Units are started side by side, and work on the same folders and the same Swarm. */
export async function takeTurn(
  path: string,
  { signal, log }: { signal: AbortSignal; log: (line: string) => void },
): Promise<FileLock> {
  await Deno.mkdir(dirname(path), { recursive: true });
  return await pollUntil<FileLock>(async () => {
    const lock = await FileLock.take(path);
    return lock === null ? { missing: "another call of this program" } : { done: lock };
  }, {
    everyMs: 500,
    signal,
    onChange: (text) => log(`Waiting for ${text}`),
    limit: {
      ms: TURN_MS,
      error: (text) =>
        new HostError("not yet", `Waited in vain for ${text}`, {
          hint: "Look what it waits for, and start again.",
        }),
    },
  });
}
