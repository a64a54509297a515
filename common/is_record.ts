/** Whether a value is keys with values, as a mapping of YAML or an object of JSON comes to. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
