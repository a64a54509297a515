import { dirname, join } from "node:path";
import { writeAtomically } from "../common/files.ts";
import { hostFiles, type HostValues } from "./unit_files.ts";

/**
 * Writes the files of a host to a folder; other files there stay.
 * @returns their names, which are paths from the folder
 */
export async function writeUnits(folder: string, values: HostValues): Promise<string[]> {
  const files = Object.entries(hostFiles(values));
  for (const [name, text] of files) {
    const path = join(folder, name);
    await Deno.mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, text);
    await Deno.chmod(path, name.startsWith("bin/") ? 0o755 : 0o644);
  }
  return files.map(([name]) => name);
}
