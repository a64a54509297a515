import { deepEqual, equal, match, throws } from "node:assert/strict";
import { join } from "node:path";
import { Lab } from "./lab.ts";
import { checkSpecification, readContractCall } from "./main.ts";

async function check(abra: string) {
  await using lab = await Lab.open(abra, {
    has: { swarm: false, bot: false },
    version: { text: "0.13.0-beta", standIn: true },
  });
  const lines: string[] = [];
  const counts = await checkSpecification(lab, (line) => lines.push(line));
  return { ...counts, lines };
}

Deno.test("the stand-in keeps every part of the contract that needs no engine", async () => {
  Deno.env.set("CCCI_DENO", Deno.execPath());
  const { failed, passed, skipped, lines } = await check(join(import.meta.dirname ?? ".", "..", "abra"));
  deepEqual(lines.filter((line) => line.startsWith("✗")), []);
  equal(failed, 0);
  equal(passed > 8 && skipped > 20, true);
});

Deno.test("an abra that says yes to everything and does nothing breaks all of it", async () => {
  const { passed, failed, lines } = await check("/bin/true");
  equal(passed, 0);
  equal(failed > 8, true);
  match(lines[0] ?? "", /^✗ abra --version\n +\[seen by others\]/);
});

Deno.test("a program that is no abra at all is a failure, not a crash", async () => {
  equal((await check("/nonexistent/abra")).passed, 0);
});

Deno.test("an unknown option is wrong usage", () => {
  throws(() => readContractCall(["--no-such-option"]), { code: "usage" });
});
