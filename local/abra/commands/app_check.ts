import { parseEnvFile, toEnvironment } from "../../../common/env_file.ts";
import { loadApp } from "../app.ts";
import { bordered, Fatal, print } from "../output.ts";
import { ensureRecipe } from "./app_backup.ts";

/** `abra app check DOMAIN`: which settings of `.env.sample` the app has. What is missing does not make it fail. */
export async function appCheck(
  domain: string,
  options: { chaos?: boolean; offline: boolean },
): Promise<void> {
  const app = loadApp(domain);
  await ensureRecipe(app, options);
  const path = `${app.recipe.dir}/.env.sample`;
  let sample: string;
  try {
    sample = Deno.readTextFileSync(path);
  } catch (cause) {
    throw new Fatal(`${path} does not exist?`, { cause });
  }
  const own = toEnvironment(app.settings);
  const names = [...new Set(parseEnvFile(sample).map(({ name }) => name))].sort();
  print(
    bordered(
      ["RECIPE ENV SAMPLE", "APP ENV"],
      names.map((name) => [name, Object.hasOwn(own, name) ? "✅" : "❌"]),
    ),
  );
}
