type Stream = { writeSync(bytes: Uint8Array): number };

/** Writes to standard output. */
export function write(text: string): void {
  writeAll(Deno.stdout, text);
}

/** Writes to standard error. A reader that is gone does not end the program. */
export function writeError(text: string): void {
  try {
    writeAll(Deno.stderr, text);
  } catch { /* nobody listens */ }
}

/** Writes a line to standard error. */
export function complain(line: string): void {
  writeError(`${line}\n`);
}

/** A pipe that is nearly full takes a part at a time. */
function writeAll(stream: Stream, text: string): void {
  for (let rest = new TextEncoder().encode(text); rest.length > 0;) {
    rest = rest.subarray(stream.writeSync(rest));
  }
}
