/** What keeps a value from standing in an env file, however short, as the rest of a sentence about it; null: nothing does. */
export function unwritable(value: string): string | null {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(value)) {
    return "must be a single line of plain text";
  }
  return quoted(value) === null ? "mixes quotes in a way no env file can hold" : null;
}

/** Words stay bare; single quotes keep everything as it is, and only what they cannot hold comes into double ones. */
export function quoted(value: string): string | null {
  if (/^[A-Za-z0-9_.\/:@%+,=-]*$/.test(value)) return value;
  if (!/['\\]/.test(value)) return `'${value}'`;
  return /["$`\\]/.test(value) ? null : `"${value}"`;
}
