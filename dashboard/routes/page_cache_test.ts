import assert from "node:assert/strict";
import { Hono } from "hono";
import { PageCache } from "./page_cache.ts";
import { FakeClock } from "../../common/testing/fake_clock.ts";

const start = Date.parse("2026-03-01T12:00:00Z");

/** A server of pages that say how often they were made; a page's name is the recipe it is about; `all` is about every one. */
function numbered(newest: number | null = start) {
  const clock = new FakeClock(start);
  const revisions = new Map<string | null, number>();
  const cache = new PageCache({ revision: (recipe) => revisions.get(recipe) ?? 0, clock });
  const made = new Map<string, number>();
  const app = new Hono();
  app.get("/:name", (c) => {
    const name = c.req.param("name");
    const recipe = name === "all" ? null : name;
    const render = () => {
      made.set(name, (made.get(name) ?? 0) + 1);
      return { page: `${name} ${made.get(name)} ${"x".repeat(2_000)}`, newest };
    };
    return cache.answer(c, { key: name, recipe, render });
  });
  return {
    clock,
    cache,
    wrote: (recipe: string | null) => revisions.set(recipe, (revisions.get(recipe) ?? 0) + 1),
    /** The beginning of a page, first as it is remembered, if it is. */
    async page(name: string): Promise<string> {
      const request = new Request(`https://ci.example.org/${name}`);
      const answer = cache.recall(request)?.response ?? await app.fetch(request);
      return (await answer.text()).split(" ").slice(0, 2).join(" ");
    },
  };
}

Deno.test("a page is made anew when something was written about its recipe, and not about another", async () => {
  const { page, wrote } = numbered();
  assert.deepEqual([await page("one"), await page("two"), await page("all")], ["one 1", "two 1", "all 1"]);
  wrote("one");
  wrote(null);
  assert.deepEqual([await page("one"), await page("two"), await page("all")], ["one 2", "two 1", "all 2"]);
  assert.deepEqual([await page("one"), await page("two"), await page("all")], ["one 2", "two 1", "all 2"]);
});

Deno.test("a page about something new is ten seconds old at most", async () => {
  const { page, clock } = numbered();
  await page("one");
  clock.pass(9.9);
  assert.equal(await page("one"), "one 1");
  clock.pass(0.1);
  assert.equal(await page("one"), "one 2");
});

Deno.test("a page whose ages are hours is kept for minutes, one that tells none for an hour", async () => {
  const old = numbered(start - 3 * 3600_000);
  const ageless = numbered(null);
  await old.page("one");
  await ageless.page("one");
  old.clock.pass(179);
  ageless.clock.pass(3599);
  assert.deepEqual([await old.page("one"), await ageless.page("one")], ["one 1", "one 1"]);
  old.clock.pass(2);
  ageless.clock.pass(2);
  assert.deepEqual([await old.page("one"), await ageless.page("one")], ["one 2", "one 2"]);
});

Deno.test("who cannot unpack a page gets it plain, also from memory", async () => {
  const { page, cache } = numbered();
  await page("one");
  const request = (encoding: string) =>
    new Request("https://ci.example.org/one", { headers: { "accept-encoding": encoding } });
  const plain = cache.recall(request("identity"))?.response;
  assert.equal(plain?.headers.get("content-encoding"), null);
  assert.match(await plain?.text() ?? "", /^one 1 x+$/);
  const packed = cache.recall(request("gzip, br"))?.response;
  assert.equal(packed?.headers.get("content-encoding"), "gzip");
  assert.ok((await packed?.bytes() ?? []).length < 200);
});
