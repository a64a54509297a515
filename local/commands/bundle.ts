import { join } from "node:path";
import { resolvePath } from "../../common/files.ts";
import { bundlePrograms } from "../../programs/bundle.ts";
import { write } from "../../common/output.ts";
import { Interruption } from "../host/interruption.ts";
import { pathsFromEnvironment } from "../host/paths.ts";
import { launcherCommand } from "../host/command_line.ts";

/** `./cc-ci bundle [DIR]`: writes our programs as one file each, and lists them with size and digest. */
export async function bundle(argv: string[]): Promise<number> {
  using interruption = new Interruption({ hint: 'Nothing was written; start "./cc-ci bundle" again.' });
  const { signal } = interruption;
  const { repo, cache } = pathsFromEnvironment();
  const command = launcherCommand("bundle")
    .description("writes bridge, dashboard, harness and host as one file each, with what belongs to them")
    .argument("[dir]", "folder for them", join(cache, "programs"));
  command.parse(argv, { from: "user" });
  const folder = resolvePath(command.processedArgs[0]);
  for (const { name, bytes, digest } of await bundlePrograms(folder, { repo, signal })) {
    write(`${digest}  ${String(bytes).padStart(8)}  ${join(folder, name)}\n`);
  }
  return 0;
}
