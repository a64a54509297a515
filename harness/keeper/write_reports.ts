import { join } from "node:path";
import type { RunResult, StageName } from "../../protocol/result.ts";
import { writeAtomically } from "../../common/files.ts";
import type { ReportInput } from "../report/html.ts";
import { renderReport } from "../report/html.ts";
import { renderJUnit } from "../report/junit.ts";
import type { RunFolder } from "../run/folder.ts";

/**
 * Bytes. Larger screenshots are not put into the page, so that it opens in any browser; their files stay in the run
 * folder.
 */
const PICTURE_LIMIT = 8 * 1024 * 1024;

/** Writes the run's `junit.xml`, and its `report.html` from the result, the logs and the pictures in its folder. */
export async function writeReports(
  folder: RunFolder,
  ended: { result: RunResult; timing: NonNullable<ReportInput["timing"]> },
): Promise<void> {
  await writeAtomically(folder.junit, renderJUnit(ended.result));
  const logs: Partial<Record<StageName, string>> = {};
  for (const { name } of ended.result.stages) {
    const text = await Deno.readTextFile(folder.log(name)).catch(() => null);
    if (text !== null) logs[name] = text;
  }
  const screenshots: Record<string, Uint8Array> = {};
  const { stages, visual } = ended.result;
  const compared = visual === null ? [] : [visual.before, visual.after, visual.difference];
  for (const name of [...stages.flatMap((stage) => stage.screenshots), ...compared]) {
    const bytes = await Deno.readFile(join(folder.screenshots, name)).catch(() => null);
    if (bytes !== null && bytes.length < PICTURE_LIMIT) screenshots[name] = bytes;
  }
  await writeAtomically(folder.report, renderReport({ ...ended, logs, screenshots }));
}
