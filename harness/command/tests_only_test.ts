import assert from "node:assert/strict";
import { UsageError } from "../../common/errors.ts";
import type { StageReport } from "../../protocol/result.ts";
import { browserHint } from "./front.ts";
import { describeKept } from "./kept_app.ts";
import { chooseKept } from "./tests_only.ts";

const up = (...domains: string[]) => domains.map((domain) => ({ app: { domain }, made: `of ${domain}` }));

Deno.test("the app that is up is taken, and of several the one that is named", () => {
  const wanted = { recipe: "wiki", target: "/src/my wiki" };
  assert.equal(chooseKept(up("a.test"), wanted).app.domain, "a.test");
  assert.equal(chooseKept(up("a.test", "b.test"), { ...wanted, domain: "b.test" }).app.domain, "b.test");
  const refused = (domains: string[], domain?: string) => {
    try {
      chooseKept(up(...domains), { ...wanted, ...(domain === undefined ? {} : { domain }) });
    } catch (error) {
      if (error instanceof UsageError) return `${error.message}. ${error.hint}`;
    }
    return null;
  };
  Deno.env.set("CCCI_PROGRAM", "./cc-ci");
  try {
    assert.equal(
      refused([]),
      "No app of wiki is up. Leave one up first: ./cc-ci run-recipe '/src/my wiki' --only install --keep",
    );
  } finally {
    Deno.env.delete("CCCI_PROGRAM");
  }
  assert.equal(
    refused(["a.test", "b.test"]),
    "Several apps of wiki are up. Name one by --app: a.test (of a.test), b.test (of b.test)",
  );
  assert.equal(
    refused(["a.test"], "c.test"),
    'No app of wiki is up at "c.test". There is: a.test (of a.test)',
  );
});

Deno.test("of an app that is left up is said what its run has made of it", () => {
  const stage = (name: string, result: string) => ({ name, result }) as StageReport;
  const whole = [
    stage("install", "passed"),
    stage("backup", "passed"),
    stage("restore", "passed"),
    stage("upgrade", "passed"),
  ];
  assert.equal(describeKept({ lane: "install", base: null, stages: whole }), "installed, restored");
  assert.equal(
    describeKept({ lane: "upgrade", base: "1.0.0+1", stages: whole }),
    "upgraded from 1.0.0+1",
  );
  const failed = [stage("install", "passed"), stage("restore", "failed"), stage("upgrade", "failed")];
  assert.equal(
    describeKept({ lane: "install", base: null, stages: failed }),
    "installed, restore failed",
  );
  assert.equal(
    describeKept({ lane: "upgrade", base: "1.0.0+1", stages: failed }),
    "upgrade from 1.0.0+1 failed",
  );
  assert.equal(describeKept({ lane: "upgrade", base: null, stages: [] }), "for upgrade");
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
