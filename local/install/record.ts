import { dirname, join } from "node:path";
import * as z from "zod";
import { UsageError } from "../../common/errors.ts";
import { exists, writeAtomically } from "../../common/files.ts";

/** Where an installation says what it consists of. */
export const RECORD_FILE = "/etc/cc-ci/installed.json";

const schema = z.strictObject({
  prefix: z.string(),
  /** Files and links. */
  paths: z.array(z.string()),
  /** Folders that were not there before, the outer ones first. */
  folders: z.array(z.string()),
  /** Paths that changed, and of which systemd and what runs do not know yet. */
  pending: z.array(z.string()),
});
export type Record = z.infer<typeof schema>;

/** What is installed below a root folder; null where nothing is. */
export async function readRecord(root: string): Promise<Record | null> {
  const path = join(root, RECORD_FILE);
  if (!await exists(path)) return null;
  try {
    return schema.parse(JSON.parse(await Deno.readTextFile(path)));
  } catch (cause) {
    throw new UsageError(`Could not read what is installed from "${path}"`, {
      cause,
      hint: 'Move that file away and start "./cc-ci install" again: it names what it finds in its place.',
    });
  }
}

export async function writeRecord(root: string, record: Record): Promise<void> {
  const path = join(root, RECORD_FILE);
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeAtomically(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** Folders above these paths that are not there, the outer ones first. */
export async function missingFolders(root: string, paths: readonly string[]): Promise<string[]> {
  const folders = new Set<string>();
  for (const path of paths) {
    const above: string[] = [];
    for (
      let folder = dirname(path);
      folder !== "/" && !await exists(join(root, folder));
      folder = dirname(folder)
    ) {
      above.unshift(folder);
    }
    above.forEach((folder) => folders.add(folder));
  }
  return [...folders].toSorted((one, other) => one.length - other.length);
}
