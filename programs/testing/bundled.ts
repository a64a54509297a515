import { join } from "node:path";
import { bundlePrograms } from "../bundle.ts";
import { ownHome } from "../start.ts";

/** Where tests of bundles work. */
export const tmp = await Deno.makeTempDir({ prefix: "cc-ci-programs-" });
globalThis.addEventListener("unload", () => Deno.removeSync(tmp, { recursive: true }));
/** Bundles that all tests beside it use, because to make them takes a while. */
export const folder = join(tmp, "programs");
export const written = await bundlePrograms(folder, { repo: ownHome().folder });
