import { fileURLToPath } from "node:url";
import { readHouseMap } from "./house_map.ts";
import { ownNames } from "./named_files.ts";
import { roomsPlugin } from "./rooms_rule.ts";

const root = new URL("../", import.meta.url);

/** `deno lint` loads this file by its name in `deno.json`. */
export default roomsPlugin({
  root: fileURLToPath(root),
  rooms: readHouseMap(Deno.readTextFileSync(new URL("docs/architecture.md", root))),
  names: ownNames(Deno.readTextFileSync(new URL("deno.json", root))),
});
