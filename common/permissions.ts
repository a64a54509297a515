import { UsageError } from "./errors.ts";

/** What a program does with its settings as they are, in the words of Deno's permissions. */
export interface Needs {
  read?: readonly string[];
  write?: readonly string[];
  /** Addresses that it listens on or speaks to, `host:port`. */
  net?: readonly string[];
  /** Programs that it starts. */
  run?: readonly string[];
  sys?: readonly ("ca" | "statfs")[];
}

const verbs = {
  read: "read",
  write: "write",
  net: "listen on or speak to",
  run: "start",
  sys: "ask the system for",
};

/**
 * What of this Deno does not let this program do. Asked when a program starts, so that it says everything at once and in
 * its own words, and not one thing at a time, wherever that is first tried.
 * @returns a sentence for each kind, with what to do
 */
export async function withheld(needs: Needs): Promise<string[]> {
  const sentences: string[] = [];
  for (const kind of ["read", "write", "net", "run", "sys"] as const) {
    const missing: string[] = [];
    for (const what of new Set(needs[kind])) {
      const { state } = await Deno.permissions.query(descriptor(kind, what));
      if (state !== "granted") missing.push(what);
    }
    if (missing.length === 0) continue;
    const named = missing.map((what) => `"${what}"`).join(", ");
    sentences.push(
      `Deno does not let this program ${
        verbs[kind]
      } ${named}: add it to --allow-${kind}, which takes the place ` +
        "of the permission set's list",
    );
  }
  return sentences;
}

/** @throws {UsageError} with everything that Deno does not let this program do */
export async function refuseWithheld(needs: Needs): Promise<void> {
  const sentences = await withheld(needs);
  if (sentences.length > 0) throw new UsageError(sentences.join("\n"));
}

function descriptor(kind: keyof Needs, what: string): Deno.PermissionDescriptor {
  switch (kind) {
    case "read":
    case "write":
      return { name: kind, path: what };
    case "net":
      return { name: kind, host: what };
    case "run":
      return { name: kind, command: what };
    case "sys":
      // Deno knows the kind "ca", its types do not.
      return { name: kind, kind: what as "statfs" };
  }
}
