/** Asks once for what stays as it is while a program runs, and again only where no answer came. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () =>
    answer ??= ask().catch((error: unknown) => {
      answer = null;
      throw error;
    });
}
