import { equal, ok } from "node:assert/strict";
import { app, fetch, hand, orphans, secret, setup } from "cc-ci";

/** Registers the apps of this run with the provider, by what RFC 7591 says, and removes those of earlier runs (RFC 7592). */
setup(async () => {
  for (const { handed: { client_id, client_token } } of await orphans()) {
    if (client_id === undefined) continue; // that run died before it had handed anything on
    const headers = { authorization: `Bearer ${client_token}` };
    const { status } = await fetch(`/reg/${client_id}`, { method: "DELETE", headers });
    // Another run may have removed it and died: then nobody has that token any more.
    ok(
      [204, 401, 404].includes(status),
      `The provider does not remove the client "${client_id}" of an earlier run: it answers ${status}`,
    );
  }
  const answer = await fetch("/reg", {
    method: "POST",
    headers: {
      authorization: `Bearer ${await secret("registration_token")}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      redirect_uris: app.neededBy?.map((domain) => `https://${domain}/oauth2/oidc/callback`),
    }),
  });
  const client = await answer.json();
  equal(answer.status, 201, `The provider does not register the app: ${JSON.stringify(client)}`);
  await hand("client_id", client.client_id);
  await hand("client_secret", client.client_secret, { secret: true });
  await hand("client_token", client.registration_access_token, { secret: true });
});
