/** Characters of a line; what is longer is no frame or event of the Engine's, and left out. */
const MAX_LINE = 1024 * 1024;

/**
 * Passes on what the Engine goes on saying, a line at a time and without blank ones, until it ends or `signal` aborts.
 * Trouble, also in `take`, ends it early and is not reported: what was watched has gone, or nobody listens any more.
 * @param open asks the Engine
 */
export async function followLines(
  open: () => Promise<NodeJS.ReadableStream>,
  options: { signal: AbortSignal; take: (line: string) => void | Promise<void> },
): Promise<void> {
  const { signal, take } = options;
  try {
    const stream = await open();
    const close = () => void (stream as unknown as { destroy(): void }).destroy();
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > MAX_LINE) rest = "";
      for (const line of lines) if (line.trim() !== "") await take(line);
    }
  } catch { /* see above */ }
}
