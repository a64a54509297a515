import assert from "node:assert/strict";
import { HostError } from "../errors.ts";
import { lookAtDrone, setRepository } from "./drone_api.ts";

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
