import assert from "node:assert/strict";
import { join } from "node:path";
import { sampleRich } from "../../protocol/testing/sample_result.ts";
import { RunFolder } from "../run/folder.ts";
import { writeReports } from "./write_reports.ts";

Deno.test("reports are made of what lies in the run folder, pictures of the comparison included", async () => {
  const path = await Deno.makeTempDir();
  try {
    const folder = new RunFolder(path);
    await Promise.all([folder.screenshots, folder.stages].map((part) => Deno.mkdir(part)));
    await Deno.writeTextFile(folder.log("install"), "installed\n");
    for (const name of ["install", "upgrade-before", "upgrade", "upgrade-difference"]) {
      await Deno.writeTextFile(join(folder.screenshots, `${name}.png`), name);
    }
    await writeReports(folder, { result: sampleRich(), timing: {} });
    const page = await Deno.readTextFile(folder.report);
    assert.ok(page.includes("<span>installed</span>"));
    assert.equal(page.match(/<img/g)?.length, 4);
    assert.match(await Deno.readTextFile(join(path, "junit.xml")), /<testsuite name="cc-ci.miniflux"/);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
