import assert from "node:assert/strict";
import { isNobodys, learnNobodysAnswer, type SeenAnswer } from "./nobodys_answer.ts";

function answer(status: number, body: string, headers: Record<string, string> = {}): SeenAnswer {
  return { status, body, headers: new Map(Object.entries({ date: "Sat", ...headers })) };
}

const plain = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
const proxys404 = answer(404, "404 page not found\n", plain);

/** What is learned from a proxy that gives these two answers to names that no app has. */
async function learned(one: SeenAnswer | null, other = one) {
  const asked: string[] = [];
  const answers = [one, other];
  const nobodys = await learnNobodysAnswer("wiki-0a1b2c.ci.test", {
    ask: (domain) => Promise.resolve(answers[asked.push(domain) - 1] ?? null),
    random: () => `r${asked.length}`,
  });
  return { nobodys, asked };
}

Deno.test("names beside the app's are asked for, which the same certificate covers", async () => {
  assert.deepEqual((await learned(proxys404)).asked, ["nobody-r0.ci.test", "nobody-r1.ci.test"]);
});

Deno.test("the proxy's answer to anybody is told from an app's of the same status and text", async () => {
  const { nobodys } = await learned(proxys404);
  assert.equal(isNobodys(answer(404, "404 page not found\n", { ...plain, date: "Sun" }), nobodys), true);
  assert.equal(isNobodys(answer(404, "404 page not found\n", { ...plain, server: "nginx" }), nobodys), false);
  assert.equal(isNobodys(answer(404, "404 page not found\n", {}), nobodys), false);
  assert.equal(isNobodys(answer(404, "<h1>No such page</h1>", plain), nobodys), false);
  assert.equal(isNobodys(answer(200, "404 page not found\n", plain), nobodys), false);
});

Deno.test("an operator's own page for unknown names is learned, also one that is another each time", async () => {
  const counted = (id: string) => answer(404, "Nothing here", { "x-request-id": id, via: "us" });
  const constant = (await learned(counted("1"), counted("2"))).nobodys;
  assert.equal(isNobodys(counted("3"), constant), true);
  const sorry = (id: string) => answer(200, `<h1>Nothing here</h1> ${id}`, { "x-request-id": id, via: "us" });
  const { nobodys } = await learned(sorry("1"), sorry("2"));
  assert.equal(isNobodys(sorry("3"), nobodys), true);
  assert.equal(isNobodys(answer(200, "<h1>Wiki</h1>", { server: "nginx" }), nobodys), false);
});

Deno.test("where unknown names get no answer, or not always the same, nothing is taken for it", async () => {
  assert.equal((await learned(null)).nobodys, null);
  assert.equal((await learned(proxys404, answer(502, "Bad Gateway"))).nobodys, null);
  assert.equal(isNobodys(proxys404, null), false);
});
