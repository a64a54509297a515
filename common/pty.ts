/** Wide enough that tables are not cut. */
export const TERMINAL_COLUMNS = 220;
const SIZE = `cols ${TERMINAL_COLUMNS} rows 60`;

/**
 * The same command with a terminal of its own, for programs that refuse to work without one. `script` takes a shell
 * text. The text made here holds no word of the command: the words travel as environment variables, which the shell
 * drops before the program starts. The program finds its input at the end, its two output streams come as one, and its
 * exit code is kept.
 * @returns argv, and variables to add to the environment of the call
 */
export function inTerminal(argv: readonly string[]): { argv: string[]; env: Record<string, string> } {
  const names = argv.map((_, index) => `CCCI_WORD_${index}`);
  const text = [
    `stty ${SIZE}`,
    `set -- ${names.map((name) => `"$${name}"`).join(" ")}`,
    `unset SHELL ${names.join(" ")}`,
    'exec "$@"',
  ].join("; ");
  return {
    argv: ["script", "-qec", text, "/dev/null"],
    env: {
      SHELL: "/bin/sh",
      ...Object.fromEntries(names.map((name, index) => [name, argv[index] ?? ""])),
    },
  };
}

/** Removes from what a command printed on such a terminal the end-of-input signs that the terminal echoes. */
export function withoutEcho(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/^(?:\^[@D]|[\u0000\u0004\b])+/gm, "");
}
