import assert from "node:assert/strict";
import { HostError } from "../errors.ts";
import { lookAtDrone, openBuilds, setRepository } from "./drone_api.ts";

/** A Drone that is healthy, and answers everything else by this. */
function api(answer: () => Promise<Response>) {
  const fetch: typeof globalThis.fetch = (input) =>
    String(input).endsWith("/healthz") ? Promise.resolve(new Response()) : answer();
  return { url: "https://drone.ci.example.org", token: "token", fetch, signal: new AbortController().signal };
}

const dropped = () => Promise.reject(new TypeError("connection reset by peer"));
const page = () => Promise.resolve(new Response("<!doctype html>"));

for (const [what, answer] of Object.entries({ "drops a connection": dropped, "answers with a page": page })) {
  Deno.test(`a Drone that ${what} is not there yet`, async () => {
    await assert.rejects(lookAtDrone(api(answer), "cc-ci/cc-ci"), (error) => {
      assert.ok(error instanceof HostError && error.outcome === "not yet", String(error));
      assert.match(
        error.message,
        /^Drone at "https:.*" (did not answer: connection reset|answered what is no)/,
      );
      return true;
    });
  });
}

Deno.test("settings that Drone drops the connection for are not there yet", async () => {
  const set = setRepository(api(dropped), { repository: "cc-ci/cc-ci", values: { timeout: 60 } });
  await assert.rejects(set, (error) => error instanceof HostError && error.outcome === "not yet");
});

Deno.test("builds that go on or wait are told from those that have ended", async () => {
  const statuses = ["pending", "success", "running", "killed", "waiting_on_dependencies", "failure", "error"];
  const builds = statuses.map((status, index) => ({ number: index + 1, status, after: "" }));
  const answers = (body: unknown) => api(() => Promise.resolve(Response.json(body)));
  assert.deepEqual(await openBuilds(answers(builds), "cc-ci/cc-ci"), [1, 3, 5]);
  assert.deepEqual(await openBuilds(answers(null), "cc-ci/cc-ci"), [], "as Drone says that there is none");
  const unknown = api(() => Promise.resolve(new Response("", { status: 404 })));
  assert.deepEqual(await openBuilds(unknown, "cc-ci/cc-ci"), [], "as nobody has logged in to Drone by now");
  for (const answer of [dropped, page, () => Promise.resolve(new Response("", { status: 401 }))]) {
    await assert.rejects(
      openBuilds(api(answer), "cc-ci/cc-ci"),
      (error) => error instanceof HostError && error.outcome === "not yet",
    );
  }
});
