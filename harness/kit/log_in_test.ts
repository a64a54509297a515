import assert from "node:assert/strict";
import { logIn } from "./log_in.ts";
import type { Page } from "./page.ts";

/** What is done on a page, in order. */
async function done(options: Parameters<typeof logIn>[1]): Promise<string[]> {
  const steps: string[] = [];
  const note = (step: string) => Promise.resolve(void steps.push(step));
  const page = {
    fill: (selector: string, text: string) => note(`fill ${selector} ${text}`),
    click: (selector: string) => note(`click ${selector}`),
    waitFor: (what: object) => note(`wait ${Object.values(what)}`),
  } as unknown as Page;
  await logIn(page, options);
  return steps;
}

Deno.test("who logs in fills in the provider's form and agrees", async () => {
  assert.deepEqual(await done({ name: "grace" }), [
    "fill input[name=login] grace",
    "fill input[name=password] anything",
    "click button[type=submit]",
    "wait Continue",
    "click button[type=submit]",
  ]);
});

Deno.test("a provider with pages of its own may ask nothing more", async () => {
  const form = { name: "#user", password: "#pass", submit: "#go" };
  assert.deepEqual(await done({ name: "grace", password: "hopper", form }), [
    "fill #user grace",
    "fill #pass hopper",
    "click #go",
  ]);
});
