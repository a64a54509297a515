import assert from "node:assert/strict";
import { freePort } from "../../common/testing/free_port.ts";
import { ingressFetch } from "../../common/ingress.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { tlsOf } from "../../common/tls.ts";
import { pathsBelow } from "../../local/host/paths.ts";
import { ensureInsideCertificates, INSIDE } from "../../local/traefik/tls.ts";
import { TestDashboard } from "../testing/dashboard.ts";
import { serve } from "./serve.ts";

Deno.test("with a certificate the dashboard speaks TLS, and nothing in the clear", async () => {
  const folder = await Deno.makeTempDir();
  const stop = new AbortController();
  await using dashboard = new TestDashboard();
  try {
    const files = await ensureInsideCertificates(pathsBelow(folder));
    const tls = tlsOf({
      TLS_CERT: await Deno.readTextFile(files.cert),
      TLS_KEY: await Deno.readTextFile(files.key),
    });
    const address = `127.0.0.1:${freePort()}`;
    const served = serve(dashboard.deps, { listen: address, tls, stop: stop.signal, clock: systemClock });
    const call = ingressFetch({ address, ca: await Deno.readTextFile(files.ca) }, { timeoutMs: 20_000 });
    const answer = await waitFor(() => call(`https://${INSIDE}/healthz`), {
      what: "the dashboard to answer",
      timeoutMs: 20_000,
    });
    assert.equal(answer.status, 200);
    await assert.rejects(fetch(`http://${address}/healthz`));
    stop.abort();
    await served;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
