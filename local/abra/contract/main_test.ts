import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { verifiedBy } from "./expectation.ts";
import { Lab } from "./lab.ts";
import { parseLint } from "../../../harness/abra/output.ts";
import { commandOf, linesOf, type Transcript, transcript } from "../../../harness/abra/transcript.ts";
import { checkSpecification, readContractCall } from "./main.ts";
import { emptyFolder } from "./transcripts.ts";

const KEPT = join(import.meta.dirname ?? ".", "../../../harness/abra/transcripts/stand-in");

async function check(abra: string) {
  await using lab = await Lab.open(abra, {
    has: { swarm: false, bot: false },
    version: { text: "0.13.0-beta", standIn: true },
  });
  const lines: string[] = [];
  const counts = await checkSpecification(lab, (line) => lines.push(line));
  const folder = await Deno.makeTempDir();
  try {
    await emptyFolder(folder);
    const written = await lab.transcripts.write(folder);
    if (written > 0) await rejects(emptyFolder(folder), { code: "usage", message: /is not empty/ });
    const files = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    const transcripts = files.map((name) =>
      transcript.parse(JSON.parse(Deno.readTextFileSync(join(folder, name))))
    );
    equal(transcripts.length, written);
    return { ...counts, lines, transcripts, domain: lab.domain, folder: lab.folder };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the stand-in keeps every part of the contract that needs no engine", async () => {
  Deno.env.set("CCCI_DENO", Deno.execPath());
  const { failed, passed, skipped, lines, ...seen } = await check(
    join(import.meta.dirname ?? ".", "..", "abra"),
  );
  deepEqual(lines.filter((line) => line.startsWith("✗")), []);
  equal(failed, 0);
  equal(passed > 8 && skipped > 20, true);
  // What it said is what the transcripts in the tree say of it, and nothing of this machine.
  const text = JSON.stringify(seen.transcripts);
  equal(text.includes(seen.folder) || text.includes(seen.domain), false, text);
  const lint = (calls: Transcript[]) =>
    calls.filter((call) => commandOf(call) === "recipe lint" && call.terminal !== null)
      .map((call) => [call.command, call.exitCode, parseLint(linesOf(call))]);
  const kept = [...Deno.readDirSync(KEPT)].map(({ name }) => name).sort()
    .map((name) => transcript.parse(JSON.parse(Deno.readTextFileSync(join(KEPT, name)))));
  deepEqual(lint(seen.transcripts), lint(kept), "renew harness/abra/transcripts/stand-in");
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

Deno.test("each line says what it is verified by, which a real abra makes verified", () => {
  deepEqual((["S", "R", "?"] as const).map((sure) => verifiedBy(sure, null)), [
    "source",
    "unverified: remembered",
    "unverified",
  ]);
  equal(verifiedBy("S", "0.13.1"), "source, abra 0.13.1");
  equal(verifiedBy("?", "0.13.1"), "abra 0.13.1");
});

Deno.test("an unknown option is wrong usage", () => {
  throws(() => readContractCall(["--no-such-option"]), { code: "usage" });
});

Deno.test("paths of a call count from the folder of whoever typed it", () => {
  const before = Deno.env.get("INIT_CWD");
  Deno.env.set("INIT_CWD", "/somewhere/else");
  try {
    deepEqual(readContractCall(["--abra", "./abra", "--transcripts", "written"]), {
      abra: "/somewhere/else/abra",
      transcripts: "/somewhere/else/written",
    });
    deepEqual(readContractCall(["--abra", "abra"]), { abra: "abra" });
  } finally {
    if (before === undefined) Deno.env.delete("INIT_CWD");
    else Deno.env.set("INIT_CWD", before);
  }
});
