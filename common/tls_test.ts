import assert from "node:assert/strict";
import * as z from "zod";
import { readConfig } from "./config.ts";
import { tlsOf, tlsSettings } from "./tls.ts";

const cert = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----";
const key = "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----";
const read = (env: Record<string, string>) => tlsOf(readConfig(z.object(tlsSettings), (name) => env[name]));

Deno.test("a program speaks TLS when it is given a certificate and its key, and plain HTTP without them", () => {
  assert.deepEqual(read({ CCCI_TLS_CERT: cert, CCCI_TLS_KEY: key }), { cert, key });
  assert.deepEqual(read({}), {});
});

Deno.test("half a pair, or what is no PEM text, is refused: the program would speak in the clear", () => {
  assert.throws(() => read({ CCCI_TLS_CERT: cert }), /belong together/);
  assert.throws(() => read({ CCCI_TLS_KEY: key }), /belong together/);
  assert.throws(
    () => read({ CCCI_TLS_CERT: key, CCCI_TLS_KEY: key }),
    /CCCI_TLS_CERT: must be a certificate/,
  );
  assert.throws(() => read({ CCCI_TLS_CERT: "/etc/cert.pem", CCCI_TLS_KEY: key }), /CCCI_TLS_CERT/);
});
