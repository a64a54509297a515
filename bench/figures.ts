/** A figure that is to be reached. */
export interface Aim<Figures> {
  name: keyof Figures;
  text: string;
  met: (figures: Figures) => boolean;
}

/** A line for each figure, with its aim if it has one; what was not measured is `null` and has no verdict. */
export function figuresTable<Figures extends object>(
  figures: Figures,
  aims: readonly Aim<Figures>[],
): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return Object.entries(figures).map(([name, value]) => {
    const aim = aims.find((one) => one.name === name);
    const verdict = aim === undefined || value === null
      ? ""
      : `  ${aim.met(figures) ? "✓" : "✗"} ${aim.text}`;
    return `${name.padEnd(width)}  ${String(value ?? "-").padStart(10)}${verdict}`;
  }).join("\n");
}

/** Two digits after the point. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Says on standard error what goes on, for whoever waits. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text} …\n`));
}

/** Writes a line of the answer to standard output. */
export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
