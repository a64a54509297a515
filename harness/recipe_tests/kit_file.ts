/** The kit as a `file:` URL for an import map: one file without dependencies, read by the child itself. */
export function kitFile(): string {
  return import.meta.resolve("../kit/mod.ts");
}
