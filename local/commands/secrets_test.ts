import assert from "node:assert/strict";
import { join } from "node:path";
import { neededHere } from "./secrets.ts";

Deno.test("a host without settings needs what may not be empty, and settings that are wrong are no such host's", async () => {
  const folder = await Deno.makeTempDir({ prefix: "cc-ci-secrets-" });
  const path = join(folder, "host.json");
  try {
    assert.equal(await neededHere(path), null);
    const least = { domain: "ci.example.org", forge: { url: "https://git.example.org", org: "people" } };
    await Deno.writeTextFile(path, JSON.stringify({ ...least, drone: {} }));
    assert.ok((await neededHere(path))?.includes("webhook_secret"), "also before the commit is known");
    await Deno.writeTextFile(path, JSON.stringify({ ...least, drone: { colour: "blue" } }));
    await assert.rejects(neededHere(path), /Could not read the settings of this host: drone: .*"colour"/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
