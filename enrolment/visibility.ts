import { describeError } from "../common/errors.ts";
import { logger } from "../common/log.ts";
import type { Clock } from "../common/time.ts";
import { recipeName } from "../protocol/params.ts";
import { readRecipeYml } from "./recipe_yml.ts";
import { isShown } from "./shown.ts";

const log = logger("dashboard");
const KEEP_MS = 30_000;

/** What the dashboard knows of enrolments. */
export interface Visibility {
  /** Names of all enrolled recipes, private ones too. */
  names(): string[];
  /** Whether anybody may see the recipe. */
  shown(recipe: string): boolean;
  /** Changes whenever one of the answers may have. */
  revision(): number;
}

/**
 * The enrolments in a folder, looked up again every half minute; a file is read again when it was written. Only a
 * recipe whose `recipe.yml` says `public: true` is shown: one whose enrolment went away or cannot be read stays hidden,
 * so that a mistake never tells a secret. Without a folder nothing is known to be private, and every recipe is shown.
 */
export function visibility(folder: string | undefined, clock: Clock): Visibility {
  let known = new Map<string, Enrolment>();
  let readAt = -Infinity;
  let revision = 0;
  function look(): void {
    if (folder === undefined || clock.now() - readAt < KEEP_MS) return;
    readAt = clock.now();
    const now = readAll(folder, known);
    if (said(now) !== said(known)) revision++;
    known = now;
  }
  return {
    names() {
      look();
      return [...known.keys()];
    },
    revision() {
      look();
      return revision;
    },
    shown(recipe) {
      look();
      return folder === undefined || known.get(recipe)?.open === true;
    },
  };
}

interface Enrolment {
  /** Whether anybody may see the recipe. */
  open: boolean;
  /** Differs after each time that the file was written. */
  written: string;
}

/** What could not be read may be readable at the next look, without having been written. */
const UNREAD = "";

function said(all: ReadonlyMap<string, Enrolment>): string {
  return [...all].map(([name, { open }]) => `${name} ${open}`).join("\n");
}

/** All of them by name. @param before as they were: what was not written since is not read again */
function readAll(folder: string, before: ReadonlyMap<string, Enrolment>): Map<string, Enrolment> {
  const all = new Map<string, Enrolment>();
  for (const name of list(folder)) {
    const path = `${folder}/${name}/recipe.yml`;
    const written = writtenAt(path);
    if (written === null) continue;
    const known = before.get(name);
    all.set(name, known?.written === written ? known : readOne(path, written));
  }
  return all;
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)]
      .filter((entry) => entry.isDirectory && recipeName.safeParse(entry.name).success)
      .map((entry) => entry.name).sort();
  } catch (error) {
    log.warn("Could not read the enrolments", { folder, error: describeError(error) });
    return [];
  }
}

function readOne(path: string, written: string): Enrolment {
  const hidden = (error: string) => {
    log.warn("Could not read an enrolment; its recipe stays hidden", { path, error });
    return { open: false, written: UNREAD };
  };
  try {
    const reading = readRecipeYml(Deno.readTextFileSync(path));
    if (!reading.ok && !reading.parses) return hidden(reading.problem);
    return { open: isShown(reading), written };
  } catch (error) {
    return hidden(describeError(error));
  }
}

/** `null` if there is no such file. */
function writtenAt(path: string): string | null {
  try {
    const { isFile, mtime, ctime, size, ino } = Deno.statSync(path);
    return isFile ? `${mtime?.getTime()} ${ctime?.getTime()} ${size} ${ino}` : null;
  } catch {
    return null;
  }
}
