import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { webhookRoutes } from "./webhook.ts";

const secret = "a secret nobody guesses";
const written = {
  action: "created",
  is_pull: true,
  issue: { number: 7 },
  comment: { id: 1, body: "!testme" },
  repository: { full_name: "recipe-maintainers/custom-html" },
  sender: { id: 2 },
};

function scene(withSecret: string | null = secret) {
  const rung: { repo: string; pr: number }[] = [];
  let pushes = 0;
  const app = webhookRoutes({
    secret: withSecret,
    ownId: () => 4,
    ring: (place) => rung.push(place),
    ringPush: () => pushes++,
  });
  return {
    rung,
    pushes: () => pushes,
    async post(content: unknown, headers: Record<string, string> = {}) {
      const body = typeof content === "string" ? content : JSON.stringify(content, null, 2);
      const response = await app.request("/hook", {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-gitea-event": "issue_comment",
          "x-gitea-signature": sign(body),
          ...headers,
        },
      });
      return response.status;
    },
  };
}

function sign(body: string, key = secret, algorithm = "sha256"): string {
  return createHmac(algorithm, key).update(body).digest("hex");
}

Deno.test("/hook rings for a comment on a pull request, under either name of the signature", async () => {
  const at = scene();
  assert.equal(await at.post(written), 202);
  const hub = `sha256=${sign(JSON.stringify(written, null, 2))}`;
  assert.equal(await at.post(written, { "x-gitea-signature": "", "x-hub-signature-256": hub }), 202);
  assert.equal(await at.post({ ...written, action: "edited" }), 202);
  const named = { "x-gitea-signature": "", "x-gitea-event": "", "x-forgejo-event": "issue_comment" };
  const forgejo = sign(JSON.stringify(written, null, 2));
  assert.equal(await at.post(written, { ...named, "x-forgejo-signature": forgejo }), 202);
  const place = { repo: "recipe-maintainers/custom-html", pr: 7 };
  assert.deepEqual(at.rung, [place, place, place, place]);
});

Deno.test("/hook tells that somebody pushed, if the forge says so", async () => {
  const at = scene();
  assert.equal(await at.post({ ref: "refs/heads/main" }, { "x-gitea-event": "push" }), 202);
  const unsigned = { "x-gitea-event": "push", "x-gitea-signature": sign("", "another") };
  assert.equal(await at.post({ ref: "refs/heads/main" }, unsigned), 401);
  assert.equal(at.pushes(), 1);
});

Deno.test("/hook refuses what is not signed with the secret by HMAC-SHA256", async () => {
  const at = scene();
  const text = JSON.stringify(written, null, 2);
  const bad = { "x-gitea-signature": "" };
  assert.equal(await at.post(written, bad), 401, "no signature");
  assert.equal(await at.post(written, { ...bad, "x-hub-signature-256": "sha256=" }), 401, "an empty one");
  assert.equal(await at.post(written, { "x-gitea-signature": sign(text, "another") }), 401, "another secret");
  const sha1 = { ...bad, "x-hub-signature": `sha1=${sign(text, secret, "sha1")}` };
  assert.equal(await at.post(written, sha1), 401, "SHA-1");
  assert.equal(await at.post(`${text} `, { "x-gitea-signature": sign(text) }), 401, "another body");
  assert.deepEqual(at.rung, []);
});

Deno.test("/hook refuses everything while there is no secret", async () => {
  const at = scene(null);
  assert.equal(await at.post(written), 403);
  assert.equal(await at.post(written, { "x-gitea-signature": sign("", "") }), 403);
  assert.deepEqual(at.rung, []);
});

Deno.test("/hook refuses long bodies and forms", async () => {
  const at = scene();
  assert.equal(await at.post("x".repeat(20 * 1024 * 1024)), 413);
  assert.equal(await at.post(written, { "content-type": "application/x-www-form-urlencoded" }), 415);
});

Deno.test("/hook takes no notice of anything but what others write or edit on pull requests", async () => {
  const at = scene();
  assert.equal(await at.post({ ...written, action: "deleted" }), 204);
  assert.equal(await at.post({ ...written, sender: { id: 4 } }), 204, "our own");
  assert.equal(await at.post({ ...written, is_pull: false }), 204);
  assert.equal(await at.post(written, { "x-gitea-event": "create" }), 204);
  assert.equal(await at.post({ ...written, repository: { full_name: "../x" } }), 204);
  assert.equal(await at.post("not JSON"), 204);
  assert.deepEqual(at.rung, []);
});
