/** How many tests ended well and how many did not. */
export interface Counts {
  passed: number;
  failed: number;
}

/**
 * Adds up a JUnit report as `deno test --junit-path` writes it. Skipped tests count on neither side.
 * @throws {Error} when the text holds no test suite
 */
export function countTests(xml: string): Counts {
  const counts = { passed: 0, failed: 0 };
  const suites = [...xml.matchAll(/<testsuite\s([^>]*)>/g)];
  if (suites.length === 0) throw new Error("Could not count tests: the report holds no test suite");
  for (const [, attributes = ""] of suites) {
    const number = (name: string) => Number(attributes.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
    const failed = number("failures") + number("errors");
    counts.failed += failed;
    counts.passed += number("tests") - failed - number("disabled") - number("skipped");
  }
  return counts;
}
