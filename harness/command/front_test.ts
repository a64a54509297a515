import assert from "node:assert/strict";
import { join } from "node:path";

const repository = new URL("../../", import.meta.url).pathname;
const RUN = "abcdefghijkl-1";

Deno.test("whoever leaves before all is removed is told that it goes on, and where the report will be", async () => {
  const runs = await Deno.makeTempDir();
  const begun = JSON.stringify({ type: "note", text: "begun" });
  const program = `
    import { runFront } from "./harness/command/front.ts";
    const keeper = new Deno.Command("sh", {
      args: ["-c", 'echo "$1"; exec sleep 60', "sh", ${JSON.stringify(begun)}],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    globalThis.addEventListener("unload", () => keeper.kill("SIGKILL"));
    const settings = { RUNS: ${JSON.stringify(runs)}, RECIPES: ${JSON.stringify(runs)} };
    await runFront({ run: "${RUN}", recipe: "quick" }, { settings, keeper, json: false });
  `;
  try {
    const front = new Deno.Command(Deno.execPath(), {
      args: ["eval", program],
      cwd: repository,
      stdin: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const answers = ["begun\n", "being removed\n"];
    for await (const text of front.stderr.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (answers[0] === undefined || !said.includes(answers[0])) continue;
      answers.shift();
      front.kill("SIGINT");
    }
    assert.equal((await front.status).code, 4, said);
    const report = join(runs, RUN, "report.html");
    assert.equal(
      said.slice(said.indexOf("Stopping")),
      "Stopping; what was deployed is being removed\n" +
        `What was deployed is still being removed, which goes on without this command; then the report is ${report}\n`,
    );
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
});
