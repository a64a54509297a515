/**
 * A test on the real stack. What it starts there lives on after it, on purpose, so that the sanitizers of unit tests,
 * which look for such things, are off.
 */
export function onRealServices(name: string, work: () => Promise<void>): void {
  Deno.test({ name, fn: work, sanitizeOps: false, sanitizeResources: false });
}
