import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import * as z from "zod";
import { HostError } from "./errors.ts";
import { exists, readIfThere, writeAtomically } from "../common/files.ts";

const schema = z.strictObject({
  /** Log-ins that were written, or were about to be when the program was killed. */
  logins: z.array(z.strictObject({
    kind: z.enum(["registry", "git"]),
    file: z.string(),
    /** The registry, or the machine of `.netrc`. */
    of: z.string(),
    /** SHA-256 of what lets in, in hexadecimal digits: whoever has put something else there has made it theirs. */
    digest: z.string(),
  })),
  /** Files and folders for log-ins that were not there before, the inner ones first. */
  made: z.array(z.string()),
});
type Written = z.infer<typeof schema>;
export type WrittenLogin = Written["logins"][number];

/** Notes a log-in before it is written, so that it is known as ours whatever happens then. */
export async function noteLogin(
  folder: string,
  { kind, file, of, value }: Omit<WrittenLogin, "digest"> & { value: string },
): Promise<void> {
  const { logins, made } = await readWritten(folder);
  const one: WrittenLogin = { kind, file, of, digest: digestOf(value) };
  const others = logins.filter((other) => JSON.stringify(other) !== JSON.stringify(one));
  const missing: string[] = [];
  for (const path of [file, dirname(file)]) if (!await exists(path)) missing.push(path);
  const written: Written = { logins: [...others, one], made: [...new Set([...made, ...missing])] };
  await Deno.mkdir(folder, { recursive: true });
  await writeAtomically(noteIn(folder), `${JSON.stringify(written, null, 2)}\n`, { mode: 0o600 });
}

/** What was noted in the folder for what the host's program makes. */
export async function readWritten(folder: string): Promise<Written> {
  const file = noteIn(folder);
  const text = await readIfThere(file);
  if (text === null) return { logins: [], made: [] };
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new HostError("wrong", `Could not read from "${file}" which log-ins are ours`, {
      cause,
      hint:
        "Move it away, and look into .netrc and .docker/config.json of root yourself when this host is given up.",
    });
  }
}

/** Whether a log-in has the value with which we wrote it. */
export function isOurs(value: string | null, { digest }: WrittenLogin): boolean {
  return value !== null && digestOf(value) === digest;
}

function noteIn(folder: string): string {
  return join(folder, "logins.json");
}

function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}
