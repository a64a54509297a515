import assert from "node:assert/strict";
import { RepeatedLog } from "./repeated_log.ts";

Deno.test("twenty equal tries become one with a count, and what differs stays", () => {
  const lines: string[] = [];
  const log = new RepeatedLog((line) => lines.push(line));
  for (let times = 0; times < 20; times++) log.add(["[app] cat /data", "cat: no such file"]);
  log.add(["[app] cat /data", "cat: is a directory"]);
  log.add(["[app] cat /data", "marker"]);
  log.add(["[app] cat /data", "marker"]);
  log.end();
  log.add(["[app] cat /data", "marker"]);
  log.end();
  assert.deepEqual(lines, [
    ...["[app] cat /data", "cat: no such file", "… and the same 19 times more"],
    ...["[app] cat /data", "cat: is a directory"],
    ...["[app] cat /data", "marker", "… and the same once more"],
    ...["[app] cat /data", "marker"],
  ]);
});
