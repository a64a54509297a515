import { Interrupted } from "./errors.ts";

/** Aborts with {@linkcode Interrupted} on Ctrl-C or TERM. Disposing it gives the signals back. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #handlers: [Deno.Signal, () => void][] = [];

  /** @param options.hint what to do then, where it is not the local stack that was brought up */
  constructor(options: { hint?: string } = {}) {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      const handler = () => this.#controller.abort(new Interrupted(name, options));
      Deno.addSignalListener(name, handler);
      this.#handlers.push([name, handler]);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) Deno.removeSignalListener(name, handler);
  }
}

/**
 * Runs jobs side by side. When one fails the others are told to stop by their signal and are waited for, so that
 * none of them still works when the caller goes on; then the first error is passed on.
 * @param signal abort tells all of them to stop
 * @returns what they came to, in their order
 */
export async function together<Values extends unknown[]>(
  signal: AbortSignal,
  jobs: [...{ [Place in keyof Values]: (signal: AbortSignal) => Promise<Values[Place]> }],
): Promise<Values> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { error: unknown } | undefined;
  const values = await Promise.all(jobs.map(async (job) => {
    try {
      return await job(either);
    } catch (error) {
      first ??= { error };
      failed.abort(new DOMException("Given up because another part failed", "AbortError"));
    }
  }));
  if (first !== undefined) throw first.error;
  return values as Values;
}
