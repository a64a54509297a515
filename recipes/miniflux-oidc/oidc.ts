import { equal } from "node:assert/strict";
import { app, fetch, hand, secret, setup } from "cc-ci";

/** Registers the apps of this run with the provider, by what RFC 7591 says. */
setup(async () => {
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
});
