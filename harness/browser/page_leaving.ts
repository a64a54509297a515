/**
 * Runs in every document before its own scripts, so it may use nothing from outside. A script that leads elsewhere after
 * some seconds makes, until then, a page that looks as if it stayed; so it is noted when a timer is to set the location.
 * What is put off for longer than ten seconds, such as the end of a session, is not waited for.
 */
export function noteTimers(): void {
  const own = globalThis as unknown as Record<string, unknown> & { performance: { now(): number } };
  const leads = /\blocation(\.href)?\s*=[^=]|\blocation\.(assign|replace)\s*\(/;
  let due = 0;
  for (const name of ["setTimeout", "setInterval"]) {
    const timer = own[name] as (...args: unknown[]) => unknown;
    own[name] = new Proxy(timer, {
      apply(target, self, args: unknown[]) {
        const [handler, delay] = args;
        // A clock that counts down to the moment runs several times.
        const ms = (Number(delay) || 0) * (name === "setInterval" ? 5 : 1);
        if (ms <= 10_000 && leads.test(String(handler).slice(0, 5_000))) {
          due = Math.max(due, own.performance.now() + ms);
        }
        return Reflect.apply(target, self, args);
      },
    });
  }
  Object.defineProperty(own, "__ccciLeaving", { value: () => Math.max(0, due - own.performance.now()) });
}

/** Milliseconds until the scripts of the document have done what they have put off; runs in the page, too. */
export function leavingMs(): number {
  return (globalThis as unknown as { __ccciLeaving?: () => number }).__ccciLeaving?.() ?? 0;
}
