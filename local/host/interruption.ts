import { CcciError } from "../../common/errors.ts";

/** Ctrl-C or TERM while something was brought up. */
export class Interrupted extends CcciError {
  constructor(signal: string) {
    super("interrupted", `Stopped half-way by ${signal}`, {
      hint: 'Starting again goes on from here; "./cc-ci down" takes away what is up',
    });
  }
}

/** Aborts with {@linkcode Interrupted} on Ctrl-C or TERM. Disposing it gives the signals back. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #handlers: [Deno.Signal, () => void][] = [];

  constructor() {
    for (const name of ["SIGINT", "SIGTERM"] as const) {
      const handler = () => this.#controller.abort(new Interrupted(name));
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
