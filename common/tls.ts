import * as z from "zod";
import { UsageError } from "./errors.ts";

/** Settings of a program that speaks TLS itself: PEM texts, usually named as `CCCI_TLS_CERT_FILE` and `CCCI_TLS_KEY_FILE`. */
export const tlsSettings = {
  /** Certificate with which the program speaks TLS, PEM text; usually named by its file. */
  TLS_CERT: z.string().includes("BEGIN CERTIFICATE", { message: "must be a certificate in PEM form" })
    .optional(),
  /** Its key, PEM text; both are given or neither. */
  TLS_KEY: z.string().includes("PRIVATE KEY", { message: "must be a private key in PEM form" }).optional(),
};

/** Certificate and key to serve with; nothing where a program speaks plain HTTP. */
export type Tls = { cert: string; key: string } | Record<never, never>;

/** What `Deno.serve` takes. @throws {UsageError} when only one of the two is there */
export function tlsOf(
  { TLS_CERT: cert, TLS_KEY: key }: { TLS_CERT?: string | undefined; TLS_KEY?: string | undefined },
): Tls {
  if (cert !== undefined && key !== undefined) return { cert, key };
  if (cert === undefined && key === undefined) return {};
  throw new UsageError(
    "Could not read the configuration: CCCI_TLS_CERT and CCCI_TLS_KEY belong together: give both or neither",
  );
}
