import { join } from "node:path";
import { execOk } from "../../common/exec.ts";

/** Writes a certificate for these names and its key into a folder, as an authority issues them. */
export async function issue(
  folder: string,
  { names = ["ci.example.org", "*.ci.example.org"], days = 90 }: { names?: string[]; days?: number } = {},
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await execOk([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", "/CN=test", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`)}`],
    ...["-days", String(days)],
    ...["-keyout", join(folder, "privkey.pem"), "-out", join(folder, "fullchain.pem")],
  ]);
}
