import { rejects } from "node:assert/strict";
import { AbraError } from "../abra/abra.ts";
import { blame } from "./blame.ts";

const says: [message: string, code: string, told: RegExp][] = [
  ["lint error in x configs: (R014)", "stage.failed", /^abra refuses: lint error/],
  ["secret not generated: db", "stage.failed", /not generated: db/],
  [
    "secret not inserted (#generate=false): smtp",
    "stage.blocked",
    /^secret "smtp", which abra does not generate/,
  ],
  ["inappropriate ioctl for device", "stage.infra", /how it was called/],
  ["unknown shorthand flag: 'o' in -o", "stage.infra", /how it was called/],
  ["EOF", "stage.infra", /how it was called/],
  ["wiki (/x/recipes/wiki) has locally unstaged changes?", "stage.infra", /how it was called/],
  ["no backupbot discovered, is it deployed?", "stage.infra", /no backupbot/],
];

for (const [message, code, told] of says) {
  Deno.test(`"${message}" of abra is ${code}`, async () => {
    await rejects(blame(Promise.reject(new AbraError(message, { lines: [] }))), { code, message: told });
  });
}

Deno.test("an abra that breaks is the host's trouble, whatever it says", async () => {
  const broken = new AbraError("lint error", { lines: [], code: "abra.broken" });
  await rejects(blame(Promise.reject(broken)), { code: "stage.infra" });
});
