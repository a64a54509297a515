import { interpolate, mergedServices } from "../compose.ts";
import { git, releaseTags } from "../git.ts";
import { Fatal, print, say, table } from "../output.ts";
import { ensureClone, recipeOf, update } from "../recipe.ts";
import { parse } from "yaml";
import { asObject } from "../schema.ts";

/** `abra recipe fetch RECIPE`: clones it, or brings branches and tags of the clone up to date. */
export async function recipeFetch(name: string, options: { offline: boolean }): Promise<void> {
  const recipe = recipeOf(name);
  await ensureClone(recipe, options);
  if (!options.offline) await update(recipe);
  say("INFO", `${name} is in ${recipe.dir}`);
}

interface VersionRow {
  version: string;
  service: string;
  name: string;
  tag: string;
}

/** `abra recipe versions RECIPE [-m]`: one row per published version and service, newest version first. */
export async function recipeVersions(
  name: string,
  options: { machine?: boolean; offline: boolean },
): Promise<void> {
  const recipe = recipeOf(name);
  await ensureClone(recipe, options);
  const rows: VersionRow[] = [];
  for (const tag of await releaseTags(recipe.dir)) {
    const doc = asObject(
      parse(await git(recipe.dir, ["show", `refs/tags/${tag.name}:compose.yml`]), { merge: true }),
    );
    for (const [service, raw] of Object.entries(mergedServices([{ path: "compose.yml", doc: doc ?? {} }]))) {
      const image = interpolate(String(raw.image ?? ""), {});
      const at = image.lastIndexOf(":");
      rows.push({
        version: tag.name,
        service,
        name: at < 0 ? image : image.slice(0, at),
        tag: at < 0 ? "latest" : image.slice(at + 1),
      });
    }
  }
  if (options.machine) return print(JSON.stringify(rows));
  if (rows.length === 0) throw new Fatal(`${name} has no published versions?`);
  print(
    table(
      ["VERSION", "SERVICE", "NAME", "TAG"],
      rows.map((row) => [row.version, row.service, row.name, row.tag]),
    ),
  );
}
