/** One test as Deno's JUnit file lists it; steps of a test are listed like tests. */
export interface JUnitCase {
  name: string;
  /** Message and stack; null when the test did not fail. */
  failure: string | null;
  skipped: boolean;
}

/** Reads the JUnit file of `deno test`. It is our own child's, so what is no such file simply holds no case. */
export function parseJUnit(xml: string): JUnitCase[] {
  const cases: JUnitCase[] = [];
  const testcase = /<testcase\b([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g;
  for (const [, attributes = "", body = ""] of xml.matchAll(testcase)) {
    const failure = /<(?:failure|error)\b([^>]*?)(?:\/>|>([^]*?)<\/(?:failure|error)>)/.exec(body);
    const text = failure === null ? null : unescape(failure[2] ?? "").trim();
    cases.push({
      name: attribute(attributes, "name"),
      failure: failure === null ? null : text || attribute(failure[1] ?? "", "message"),
      skipped: /<skipped\b/.test(body),
    });
  }
  return cases;
}

function attribute(attributes: string, name: string): string {
  return unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-fA-F]+)|([a-z]+));/g, (whole, decimal, hex, name) => {
    const code = decimal === undefined
      ? hex === undefined ? undefined : Number.parseInt(hex, 16)
      : Number(decimal);
    if (code === undefined) return entities[name] ?? whole;
    return code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
