import assert from "node:assert/strict";
import * as z from "zod";
import { CcciError } from "../../common/errors.ts";
import { execOk } from "../../common/exec.ts";
import { setEnv } from "../../harness/recipe/env_file.ts";
import { Swarm } from "../../harness/swarm/swarm.ts";
import { HostError } from "../errors.ts";
import { reportOf } from "./output.ts";

Deno.test("what nobody foresaw is a part's report like any other, and the next part is tried", () => {
  const report = reportOf("proxy", {
    error: new TypeError("x is not a function"),
    steps: ["made the network"],
  });
  assert.deepEqual({ ...report, hint: undefined }, {
    part: "proxy",
    outcome: "wrong",
    steps: ["made the network"],
    message: "x is not a function",
    hint: undefined,
  });
  assert.match(report.hint ?? "", /please report it/);
});

const foreseen: [what: string, fail: () => unknown, outcome: string, hint: RegExp][] = [
  [
    "a Docker that does not answer",
    () => new Swarm("/nowhere/docker.sock").version(),
    "not yet",
    /status docker/,
  ],
  [
    "a Docker that only root may ask",
    () =>
      new Swarm("/s").ask(
        "list",
        () => Promise.reject(new Error("connect EACCES /var/run/docker.sock")),
        z.unknown(),
      ),
    "wrong",
    /as root/,
  ],
  ["a program that is not there", () => execOk(["cc-ci-none"]), "wrong", /^Install/],
  ["a value that no settings of an app can hold", () => setEnv("", { A: "b\nc" }), "wrong", /another value/],
  [
    "a folder that is not ours",
    () => {
      throw new Deno.errors.PermissionDenied('Permission denied (os error 13): mkdir "/nowhere"');
    },
    "wrong",
    /as root/,
  ],
  ["a file in the place of a folder", () => Deno.mkdir("/dev/null/a"), "wrong", /file or folder/],
  [
    "a disk that can only be read",
    () => {
      throw new Error("Read-only file system (os error 30): open '/usr/a'");
    },
    "wrong",
    /file or folder/,
  ],
  ["a disk that is full", () => Deno.writeTextFile("/dev/full", "a"), "not yet", /^Make room: "df -h"/],
  [
    "a disk that is full, as git says it",
    () => {
      const said = "Could not fetch the recipe: write error: No space left on device";
      throw new HostError("not yet", said, { hint: "Look whether that address answers." });
    },
    "not yet",
    /^Make room/,
  ],
  ...["EACCES: open '/acme.json'", "Read-only file system"].map((log): typeof foreseen[number] => [
    `an app that is not up yet and writes "${log}" to its log`,
    () => {
      const said = `"traefik" is not up: its last lines are: ${log}`;
      throw new HostError("not yet", said, { hint: "Look at its log." });
    },
    "not yet",
    /^Look at its log/,
  ]),
  [
    "what says nothing of what to do",
    () => {
      throw new CcciError("git.failed", "index file smaller than expected");
    },
    "not yet",
    /^Start again/,
  ],
];
for (const [what, fail, outcome, hint] of foreseen) {
  Deno.test(`${what} is told with what to do, and does not look like a fault of ours`, async () => {
    try {
      await fail();
    } catch (error) {
      const report = reportOf("proxy", { error, steps: [] });
      assert.match(report.hint ?? "", hint);
      assert.equal(report.outcome, outcome);
      return;
    }
    assert.fail("It did not fail");
  });
}
