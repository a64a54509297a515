import { parse as parseYaml } from "yaml";
import { describeError } from "../common/errors.ts";
import { logger } from "../common/log.ts";
import type { Clock } from "../common/time.ts";
import { recipeName } from "../protocol/params.ts";

const log = logger("dashboard");
const KEEP_MS = 30_000;

/** What the dashboard knows of enrolments. */
export interface Enrolments {
  /** Names of all enrolled recipes, private ones too. */
  names(): string[];
  /** Whether anybody may see the recipe. */
  shown(recipe: string): boolean;
  /** Changes whenever one of the answers may have. */
  revision(): number;
}

/**
 * The enrolments in a folder, looked up again every half minute. Only a recipe whose `recipe.yml` says `public: true`
 * is shown: one whose enrolment went away or cannot be read stays hidden, so that a mistake never tells a secret.
 * Without a folder nothing is known to be private, and every recipe is shown.
 */
export function enrolments(folder: string | undefined, clock: Clock): Enrolments {
  let names: string[] = [];
  let open = new Set<string>();
  let readAt = -Infinity;
  let revision = 0;
  function look(): void {
    if (folder === undefined || clock.now() - readAt < KEEP_MS) return;
    readAt = clock.now();
    revision++;
    names = list(folder);
    open = new Set(names.filter((name) => isPublic(`${folder}/${name}/recipe.yml`)));
  }
  return {
    names() {
      look();
      return names;
    },
    revision() {
      look();
      return revision;
    },
    shown(recipe) {
      look();
      return folder === undefined || open.has(recipe);
    },
  };
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter((entry) => entry.isDirectory && recipeName.safeParse(entry.name).success)
      .map((entry) => entry.name).filter((name) => exists(`${folder}/${name}/recipe.yml`)).sort();
  } catch (error) {
    log.warn("Could not read the enrolments", { folder, error: describeError(error) });
    return [];
  }
}

function isPublic(path: string): boolean {
  try {
    const enrolment: unknown = parseYaml(Deno.readTextFileSync(path));
    return typeof enrolment === "object" && enrolment !== null && "public" in enrolment &&
      enrolment.public === true;
  } catch (error) {
    log.warn("Could not read an enrolment; its recipe stays hidden", { path, error: describeError(error) });
    return false;
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
