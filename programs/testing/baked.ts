import * as z from "zod";
import type { Start } from "../start.ts";

const list = z.array(z.string()).nullable();
const KINDS = ["env", "net", "read", "write", "run", "sys", "ffi", "import"] as const;
type Kind = typeof KINDS[number];

/** What `deno compile` writes into a binary as JSON, apart from what does not concern us. */
const schema = z.object({
  code_cache_key: z.unknown(),
  permissions: z.record(z.string(), z.union([list, z.boolean()])),
  v8_flags: z.array(z.string()),
  app_name: z.string(),
});
export type Baked = z.infer<typeof schema>;

/** Reads that out of a binary. */
export async function bakedIn(path: string): Promise<Baked> {
  const content = new Uint8Array(await Deno.readFile(path));
  const buffer = new TextDecoder("latin1").decode(content.subarray(lastStart(content)));
  return schema.parse(JSON.parse(buffer.slice(0, endOfObject(buffer))));
}

/** Where the last object begins whose first key is the one that Deno writes first. */
function lastStart(content: Uint8Array): number {
  const mark = new TextEncoder().encode('{"argv":');
  for (let at = content.length - mark.length; at >= 0; at--) {
    if (content[at] === mark[0] && mark.every((byte, offset) => content[at + offset] === byte)) return at;
  }
  throw new Error("Could not find what deno compile wrote down: it writes it some other way now");
}

function endOfObject(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter === "\\") at++;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "{") depth++;
    else if (letter === "}" && --depth === 0) return at + 1;
  }
  throw new Error("Could not find the end of what deno compile wrote down");
}

/** A permission set as it stands in `deno.json`. */
export type Described = Partial<
  Record<Kind, boolean | string[] | { allow: string[]; ignore?: boolean }>
>;

/** The permissions that a binary of this set must have in it: those of the set, and nothing else. */
export function wantedPermissions(set: Described, places: Start["places"] = {}): Baked["permissions"] {
  const wanted: Baked["permissions"] = { prompt: false };
  for (const kind of KINDS) {
    const said = places[kind as "net"] ?? set[kind];
    const allowed = said instanceof Object && "allow" in said ? said.allow : said;
    // An empty list is everything, and nothing is null.
    wanted[`allow_${kind}`] = allowed === true ? [] : Array.isArray(allowed) ? allowed : null;
    wanted[`deny_${kind}`] = null;
  }
  for (const kind of ["env", "read"] as const) {
    const said = set[kind];
    const ignores = said instanceof Object && "ignore" in said && said.ignore === true;
    wanted[`ignore_${kind}`] = ignores ? [] : null;
  }
  return { ...wanted, allow_import: ["none.invalid:1"], deny_import: [] };
}
