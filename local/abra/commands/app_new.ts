import { environmentOf, noteVersion, readApp, servers } from "../app.ts";
import { readCompose } from "../compose.ts";
import { chaosVersion, git } from "../git.ts";
import { Fatal, print, say, table } from "../output.ts";
import { abraDir, checkOut, ensureClean, ensureClone, newestRelease, recipeOf, update } from "../recipe.ts";
import { generateSecrets } from "./app_secret.ts";

export interface NewOptions {
  server?: string;
  domain?: string;
  secrets?: boolean;
  chaos?: boolean;
  offline: boolean;
  ask: boolean;
}

/**
 * `abra app new RECIPE [VERSION]`: the recipe's `.env.sample` becomes the app's `.env`. Unless it is a chaos app this
 * **moves the recipe checkout** to the version given, or to the newest release.
 */
export async function appNew(name: string, version: string | undefined, options: NewOptions): Promise<void> {
  const { server, domain, chaos = false, offline } = options;
  const recipe = recipeOf(name);
  await ensureClone(recipe, { offline });
  let noted: string;
  if (chaos) {
    if (version !== undefined) throw new Fatal("cannot use [version] and --chaos together");
    noted = await chaosVersion(recipe.dir);
  } else {
    await ensureClean(recipe);
    if (!offline) await update(recipe);
    const wanted = version ?? await newestRelease(recipe);
    if (wanted !== undefined) await checkOut(recipe, wanted);
    noted = wanted ?? (await git(recipe.dir, ["rev-parse", "HEAD"])).slice(0, 8);
  }

  if (server === undefined) throw new Fatal(options.ask ? "EOF" : "no server provided");
  if (!servers().includes(server)) throw new Fatal(`server ${server} does not exist, try "abra server ls"`);
  if (domain === undefined) throw new Fatal(options.ask ? "EOF" : "no domain provided");
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(domain)) throw new Fatal(`"${domain}" is no domain`);

  const envFile = `${abraDir()}/servers/${server}/${domain}.env`;
  let sample: string;
  try {
    sample = Deno.readTextFileSync(`${recipe.dir}/.env.sample`);
  } catch (cause) {
    throw new Fatal(`${recipe.dir}/.env.sample does not exist?`, { cause });
  }
  try {
    Deno.writeTextFileSync(envFile, sample.replaceAll(`${recipe.name}.example.com`, domain), {
      createNew: true,
      mode: 0o664,
    });
  } catch (cause) {
    throw new Fatal(`${envFile} already exists?`, { cause });
  }
  const app = readApp(domain, server);
  readCompose(recipe.dir, environmentOf(app));
  noteVersion(app, noted);
  say("INFO", `${domain} (version: ${noted}) created`);
  if (options.secrets) {
    const made = await generateSecrets(app);
    print(table(["NAME", "VALUE"], made.map(({ name, value }) => [name, value])));
  }
}
