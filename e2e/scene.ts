/**
 * A test on the real stack. What it starts there lives on after it, on purpose, so that the sanitizers of unit tests,
 * which look for such things, are off.
 */
export function onRealServices(
  name: string,
  work: () => Promise<void>,
  /** Why it cannot be run here, if it cannot: it then counts as ignored, and its name says so. */
  obstacle: string | null = null,
): void {
  Deno.test({
    name: obstacle === null ? name : `${name} (ignored: ${obstacle})`,
    ignore: obstacle !== null,
    fn: work,
    sanitizeOps: false,
    sanitizeResources: false,
  });
}
