import { waitFor } from "../time.ts";

/** Waits until a process is gone, or at least ended: what was killed may live until it has a processor once more. */
export async function processGone(pid: number | string): Promise<void> {
  await waitFor(async () => {
    const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    return state === "" || /\) [ZX] /.test(state);
  }, { what: `process ${pid} to be gone`, timeoutMs: 20_000, everyMs: 20 });
}
