import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { execOk } from "../common/exec.ts";
import { freePort } from "../common/testing/free_port.ts";
import { ingressFetch } from "../common/ingress.ts";
import { waitFor } from "../common/time.ts";
import { exists } from "../common/files.ts";
import { pathsFromEnvironment } from "../local/host/paths.ts";
import { builtTraefik } from "../local/traefik/traefik_image.ts";

/** The domain of the host in the documents. */
const DOMAIN = "ci.example.org";

/** The gateway's configuration, word for word as docs/install.md shows it. */
async function documented(): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(new URL("../docs/install.md", import.meta.url));
  const block = /^### A gateway$[^]*?^```yaml\n([^]*?)^```/m.exec(text)?.[1] ?? assert.fail();
  return parse(block);
}

/** A Traefik with this configuration, at one port. */
async function traefik(program: string, { folder, port, dynamic }: {
  folder: string;
  port: number;
  dynamic: unknown;
}) {
  const file = join(folder, `${port}.yml`);
  await Deno.writeTextFile(file, JSON.stringify(dynamic)); // JSON is YAML
  const child = new Deno.Command(program, {
    args: [
      "--global.checknewversion=false",
      "--global.sendanonymoususage=false",
      "--ping=true",
      "--ping.manualrouting=true",
      `--entrypoints.web-secure.address=127.0.0.1:${port}`,
      `--providers.file.filename=${file}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

const program = builtTraefik(pathsFromEnvironment());
const missing = !await exists(program);

Deno.test({
  name: `docs/install.md: a gateway passes TLS on by name to the host's Traefik, and no other names${
    missing ? " (needs a Traefik that was built here)" : ""
  }`,
  ignore: missing,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
      await execOk([
        ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
        ...["-keyout", key, "-out", cert, "-days", "2", "-subj", `/CN=${DOMAIN}`],
        ...["-addext", `subjectAltName=DNS:${DOMAIN},DNS:*.${DOMAIN}`],
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ]);
      const [inner, outer] = [freePort(), freePort()];
      await using _host = await traefik(program, {
        folder,
        port: inner,
        dynamic: {
          http: {
            routers: { ping: { rule: "PathPrefix(`/ping`)", service: "ping@internal", tls: {} } },
          },
          tls: { certificates: [{ certFile: cert, keyFile: key }] },
        },
      });
      const text = JSON.stringify(await documented());
      assert.equal(text.split("10.0.0.7:443").length, 2, "the document names the host once");
      await using _gateway = await traefik(program, {
        folder,
        port: outer,
        dynamic: JSON.parse(text.replace("10.0.0.7:443", `127.0.0.1:${inner}`)),
      });
      const fetch = ingressFetch(
        { address: `127.0.0.1:${outer}`, ca: await Deno.readTextFile(cert) },
        { timeoutMs: 5_000 },
      );
      const answer = async (name: string) => {
        const response = await fetch(`https://${name}/ping`);
        await response.body?.cancel();
        return response.status;
      };
      await waitFor(() => answer(DOMAIN).then((status) => status === 200, () => false), {
        what: "the host to answer through the gateway",
        timeoutMs: 30_000,
      });
      for (const name of [`drone.${DOMAIN}`, `mini-0a1b2c.${DOMAIN}`]) assert.equal(await answer(name), 200);
      // The gateway has no certificate that anybody would believe: what it does not pass on cannot be asked at all.
      for (const name of ["git.example.org", `a.b.${DOMAIN}`, `${DOMAIN}.example.net`]) {
        await assert.rejects(answer(name), /certificate/i, name);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
