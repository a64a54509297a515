import assert from "node:assert/strict";
import { ago, formatRoughly, formatSeconds } from "./time.ts";

Deno.test("a measured time is told to the second, and to the minute once it is hours", () => {
  const told = [0, 0.44, 9.94, 9.96, 59.4, 59.6, 185, 600, 3599.6, 3840].map((seconds) =>
    formatSeconds(seconds * 1000)
  );
  assert.deepEqual(told, [
    "0.0 s",
    "0.4 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1 min 00 s",
    "3 min 05 s",
    "10 min 00 s",
    "1 h 00 min",
    "1 h 04 min",
  ]);
});

Deno.test("an age or an estimate is told in one unit", () => {
  const told = [0, 4.4, 9.6, 43, 54, 56, 89, 91, 372, 3569, 3571, 5_500, 86_000, 130_000, 1.8e6, 4e6, 1e7]
    .map((
      seconds,
    ) => formatRoughly(seconds * 1000));
  assert.deepEqual(told, [
    "1 s",
    "4 s",
    "10 s",
    "40 s",
    "50 s",
    "1 min",
    "1 min",
    "2 min",
    "6 min",
    "59 min",
    "1 h",
    "2 h",
    "1 day",
    "2 days",
    "3 weeks",
    "7 weeks",
    "4 months",
  ]);
});

Deno.test("the dashboard's script tells ages as the server does", async () => {
  const script = await Deno.readTextFile(new URL("../dashboard/assets/enhance.js", import.meta.url));
  const text = /^function ago\(ms\) \{\n.*?^\}/ms.exec(script)?.[0] ?? "";
  const inBrowser = new Function(`return (${text})`)();
  for (let ms = 0; ms < 1e11; ms = ms * 1.01 + 97) assert.equal(inBrowser(ms), ago(ms));
});
