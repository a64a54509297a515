import { SaxesParser } from "saxes";

/** One test as Deno's JUnit file lists it; steps of a test are listed like tests. */
export interface JUnitCase {
  name: string;
  /** Message and stack; null when the test did not fail. */
  failure: string | null;
  skipped: boolean;
}

/**
 * Faults of form after which the rest of a report is left unread. Deno writes characters that XML does not allow into
 * names of tests as they are, and each of them is such a fault.
 */
const MAX_FAULTS = 1_000;
/** Elements may be nested this deep; Deno nests its own four deep. */
const MAX_DEPTH = 50;

/**
 * Reads the JUnit file of `deno test`. Tests choose the names and messages in it, and tests that can write the file may
 * put anything there. A text that is no such file yields no case; a file that breaks off yields the cases that were
 * complete. Never throws.
 */
export function parseJUnit(xml: string): JUnitCase[] {
  const cases: JUnitCase[] = [];
  let current: JUnitCase | undefined;
  let said: { message: string; text: string } | undefined;
  let faults = 0;
  let depth = 0;
  const parser = new SaxesParser();
  parser.on("error", (fault) => {
    faults += 1;
    if (faults > MAX_FAULTS) throw fault;
  });
  parser.on("opentag", ({ name, attributes }) => {
    depth += 1;
    if (depth > MAX_DEPTH) throw new Error("Elements stand in each other deeper than in any report");
    if (name === "testcase") current = { name: attributes["name"] ?? "", failure: null, skipped: false };
    else if (name === "skipped" && current !== undefined) current.skipped = true;
    else if (name === "failure" || name === "error") {
      said = { message: attributes["message"] ?? "", text: "" };
    }
  });
  const hear = (text: string) => {
    if (said !== undefined) said.text += text;
  };
  parser.on("text", hear);
  parser.on("cdata", hear);
  parser.on("closetag", ({ name }) => {
    depth -= 1;
    if (name === "testcase" && current !== undefined) {
      cases.push(current);
      current = undefined;
    } else if ((name === "failure" || name === "error") && said !== undefined) {
      if (current !== undefined && current.failure === null) {
        current.failure = said.text.trim() || said.message;
      }
      said = undefined;
    }
  });
  try {
    parser.write(xml).close();
  } catch {
    // Deno writes no report that is so broken or so deep. The cases read until here count.
  }
  return cases;
}
