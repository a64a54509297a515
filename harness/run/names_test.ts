import assert from "node:assert/strict";
import { runName } from "../../protocol/params.ts";
import { domainOf, extraDomain, isOurs, newRunName, stackOf } from "./names.ts";

const where = { run: "abc123-1", lane: "install", base: "ci.localhost" } as const;

Deno.test("domains are short, one label deep, and differ by run and lane", () => {
  const domain = domainOf("custom-html", where);
  assert.match(domain, /^cust-[0-9a-f]{6}\.ci\.localhost$/);
  assert.match(domainOf("n-8n", where), /^n8n-[0-9a-f]{6}\./);
  assert.equal(domainOf("custom-html", where), domain);
  assert.notEqual(domainOf("custom-html", { ...where, lane: "upgrade" }), domain);
  assert.notEqual(domainOf("custom-html", { ...where, run: "abc123-2" }), domain);
  assert.equal(extraDomain("cust-0a1b2c.ci.localhost", "www"), "cust-0a1b2c-www.ci.localhost");
});

Deno.test("a stack abra would cut is refused, with the room there is", () => {
  assert.equal(stackOf("cust-0a1b2c.ci.localhost"), "cust-0a1b2c_ci_localhost");
  assert.throws(() => stackOf(`cust-0a1b2c.${"a".repeat(40)}.org`), /longer than 45/);
});

Deno.test("only stacks of our scheme below our base domain are ours", () => {
  const ours = (stack: string) => isOurs(stack, "ci.localhost");
  assert.ok(ours("cust-0a1b2c_ci_localhost"));
  assert.ok(ours(stackOf(domainOf("x", where))));
  for (
    const foreign of [
      "cc-ci-traefik",
      "proxy",
      "cust-0a1b2c_ci_localhost_app",
      "cust-0a1b2c_example_org",
      "wiki_ci_localhost",
      "customhtml-0a1b2c_ci_localhost",
      "cust-0a1b2z_ci_localhost",
    ]
  ) assert.ok(!ours(foreign), foreign);
});

Deno.test("names of runs fit the protocol and sort by time", () => {
  const names = [1_700_000_000_000, 1_900_000_000_000].map((now) => newRunName(now, () => 0.5));
  for (const name of names) assert.ok(runName.safeParse(name).success, name);
  assert.deepEqual(names.toSorted(), names);
});
