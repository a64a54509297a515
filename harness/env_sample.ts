/**
 * Parses a recipe's `.env.sample` (or an app's `.env`) as abra's dotenv reader does: later lines may use earlier
 * values (`COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"`), single quotes take text as it stands, and what follows
 * an unquoted ` #` is a remark (abra's `# length=64`). Lines that assign nothing are passed over.
 */
export function parseEnvSample(text: string): Record<string, string> {
  const values = new Map<string, string>();
  const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*[=:][ \t]*/gm;
  for (let match = assignment.exec(text); match !== null; match = assignment.exec(text)) {
    const { value, end } = readValue(text, assignment.lastIndex, values);
    values.set(match[1] ?? "", value);
    assignment.lastIndex = Math.max(end, assignment.lastIndex);
  }
  return Object.fromEntries(values);
}

function readValue(
  text: string,
  start: number,
  earlier: ReadonlyMap<string, string>,
): { value: string; end: number } {
  const quote = text[start];
  if (quote === '"' || quote === "'") {
    const close = closingQuote(text, { start: start + 1, quote });
    if (close !== -1) {
      const inner = text.slice(start + 1, close);
      const lineEnd = text.indexOf("\n", close);
      const value = quote === "'" ? inner : expand(unescape(inner), earlier);
      return { value, end: lineEnd === -1 ? text.length : lineEnd };
    }
  }
  const lineEnd = text.indexOf("\n", start);
  const end = lineEnd === -1 ? text.length : lineEnd;
  const line = text.slice(start, end);
  const remark = /\s#|^#(?=\s|$)/.exec(line);
  return { value: expand((remark === null ? line : line.slice(0, remark.index)).trim(), earlier), end };
}

function closingQuote(text: string, { start, quote }: { start: number; quote: string }): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\" && quote === '"') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

function unescape(text: string): string {
  return text.replace(/\\([nr"\\])/g, (_, char: string) => ({ n: "\n", r: "\r" })[char] ?? char);
}

function expand(text: string, earlier: ReadonlyMap<string, string>): string {
  return text.replace(
    /(\\)?\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g,
    (whole, escaped, braced, bare) =>
      escaped === undefined ? earlier.get(braced ?? bare) ?? "" : whole.slice(1),
  );
}

/**
 * Reads the `export NAME=value` lines of a recipe's `abra.sh`, which give the config versions. The file is never
 * executed, so a value that only a shell could work out is left out.
 */
export function parseAbraShExports(text: string): Record<string, string> {
  const values = new Map<string, string>();
  const line = /^[ \t]*export[ \t]+([A-Za-z_][A-Za-z0-9_]*)=(?:"([^"\n]*)"|'([^'\n]*)'|([^\s;#"']*))/gm;
  for (const match of text.matchAll(line)) {
    const value = match[2] ?? match[3] ?? match[4] ?? "";
    if (match[3] === undefined && /[$`\\]/.test(value)) continue;
    values.set(match[1] ?? "", value);
  }
  return Object.fromEntries(values);
}
