import assert from "node:assert/strict";
import { UsageError } from "../../common/errors.ts";
import { browserHint } from "./front.ts";
import { chooseKept } from "./tests_only.ts";

const up = (...domains: string[]) => domains.map((domain) => ({ app: { domain } }));

Deno.test("the app that is up is taken, and of several the one that is named", () => {
  const recipe = "wiki";
  assert.equal(chooseKept(up("a.test"), { recipe }).app.domain, "a.test");
  assert.equal(chooseKept(up("a.test", "b.test"), { recipe, domain: "b.test" }).app.domain, "b.test");
  const refused = (domains: string[], domain?: string) => {
    try {
      chooseKept(up(...domains), { recipe, ...(domain === undefined ? {} : { domain }) });
    } catch (error) {
      if (error instanceof UsageError) return `${error.message}. ${error.hint}`;
    }
    return null;
  };
  assert.equal(
    refused([]),
    "No app of wiki is up. Leave one up first: run-recipe wiki --only install --keep",
  );
  assert.equal(
    refused(["a.test", "b.test"]),
    "Several apps of wiki are up. Name one by --app: a.test, b.test",
  );
  assert.equal(refused(["a.test"], "c.test"), 'No app of wiki is up at "c.test". There is: a.test');
});

Deno.test("a browser's way to an app is told as far as its name and the proxy make it necessary", () => {
  const local = browserHint("x.ci.localhost", { host: "127.0.0.1", port: "443", ca: "/ca.pem" });
  assert.match(
    local,
    /^https:\/\/x\.ci\.localhost\/ \(from another machine after: ssh -L 443:127\.0\.0\.1:443 \S+\)/,
  );
  assert.match(local, /the authority in \/ca\.pem vouches for$/);
  const remote = browserHint("x.ci.test", { host: "192.0.2.7", port: "443", ca: undefined });
  assert.equal(remote, 'https://x.ci.test/ after "192.0.2.7 x.ci.test" in /etc/hosts');
});
