import { basename, dirname, join } from "node:path";
import { describeError } from "../../common/errors.ts";
import type { BackedUp } from "../recipe/backup_labels.ts";
import { botContainer } from "../swarm/backup_bot.ts";
import { execIn } from "../swarm/exec.ts";
import type { ContainerObject } from "../swarm/schema.ts";
import type { Swarm } from "../swarm/swarm.ts";
import { lastWords, mountsOf } from "./data.ts";

/** One folder of a volume in which something is deleted. */
export interface Step {
  /** Below the volume's root; empty: the root itself. */
  folder: string;
  /** Deletes this entry of the folder; null: all of them, except `keep`. */
  only: string | null;
  /** Entries that stay, because something else is mounted in them or is them. */
  keep: string[];
}

/** What became of the files of a volume. */
export interface Emptied {
  /** `all`: no saved file is left. `some`: not every one could be deleted. `none`: nobody touched them. */
  deleted: "all" | "some" | "none";
  /** Why not all of them; empty when all were. */
  why: string;
  /** What is mounted among them from elsewhere and was not touched: absolute paths in the container. */
  others: string[];
}

/** What is to be deleted, and within what time. */
interface Work {
  saved: BackedUp;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * Deletes what a backup saved of a volume and nothing else, as root in a container of the app that can write to it. A
 * container sees more below a volume's mount point than the volume: other volumes, folders and files that are mounted
 * there. The kernel's own list says which. Links are not followed out of the volume. Where that container has no shell,
 * the backup bot's does it. It sees the volumes of all apps, and not what they have mounted in them, so that it leaves
 * what may be a mount point: folders, and files without content.
 */
export async function emptyVolume(
  swarm: Swarm,
  work: Work & { containers: readonly ContainerObject[] },
): Promise<Emptied> {
  const { saved: { volume }, signal } = work;
  let result: Emptied = { deleted: "none", why: "nothing that runs can write to it", others: [] };
  for (const { container, target, writable } of mountsOf(work.containers, volume.name)) {
    if (!writable) continue;
    try {
      result = await emptyIn(swarm, { ...work, container: container.Id, root: target, target }) ??
        await emptyByBot(swarm, { ...work, target });
      if (result.deleted === "all") return result;
    } catch (error) {
      signal.throwIfAborted();
      result.why = describeError(error);
    }
  }
  return result;
}

/** The same in the backup bot's container. */
async function emptyByBot(swarm: Swarm, work: Work & { target: string }): Promise<Emptied> {
  const bot = await botContainer(swarm);
  const root = join(VOLUMES, work.saved.volume.name, "_data");
  const done = bot === null
    ? null
    : await emptyIn(swarm, { ...work, container: bot, root, remove: REMOVE_CONTENT });
  return done ?? { deleted: "none", why: "no container that can write to it has a shell", others: [] };
}

/** @returns null for a container without a shell */
async function emptyIn(
  swarm: Swarm,
  work: Work & {
    container: string;
    /** The volume's root there. */
    root: string;
    /** Where the app's container mounts the volume. */
    target: string;
    /** Defines `remove`, which {@linkcode DELETE} calls with names. @default REMOVE */
    remove?: string;
  },
): Promise<Emptied | null> {
  const { saved: { paths }, target, timeoutMs, signal, remove = REMOVE } = work;
  const run = (argv: string[]) => execIn(swarm, work.container, { argv, user: "0", timeoutMs, signal });
  const seen = await run([
    "sh",
    "-c",
    'cd -P -- "$1" && pwd -P && cat /proc/self/mountinfo',
    "sh",
    work.root,
  ]);
  if (seen.code >= NOT_RUN && seen.code < BY_SIGNAL) return null;
  const [root = "", ...mountinfo] = seen.stdout.split("\n");
  if (seen.code !== 0) throw new Error(lastWords(seen));
  const mounts = mountsBelow(mountinfo, root);
  if (mounts === null) throw new Error(`"${target}" holds only a part of it`);
  const { steps, hidden } = planSteps(paths, mounts);
  const troubles = hidden.map((path) => `something else is mounted over ${path}`);
  let deleted: Emptied["deleted"] = "none";
  for (const { folder, only, keep } of steps) {
    const others = mounts.map((path) => join(root, path));
    const kept = `/${keep.join("/")}/`;
    const done = await run(["sh", "-c", remove + DELETE, "sh", root, folder, kept, only ?? "", ...others]);
    if (done.code !== 0) troubles.push(lastWords(done));
    if (done.code < NOT_RUN && done.code !== REFUSED) deleted = "some";
  }
  return {
    deleted: troubles.length === 0 ? "all" : deleted,
    why: troubles.join("; "),
    others: mounts.map((path) => join(target, path)),
  };
}

/** Where the backup bot's container has the volumes of all apps: their names in snapshots begin with it. */
const VOLUMES = "/var/lib/docker/volumes";

/** Removes whatever it is given. */
const REMOVE = 'remove() { rm -rf -- "$@"; }';
/** Removes what is no folder and has content, here and below. */
const REMOVE_CONTENT = 'remove() { find "$@" ! -type d -size +0c -exec rm -f -- {} +; }';

/** Exit code of {@linkcode DELETE} when it deleted nothing. */
const REFUSED = 3;
/** From this exit code on, a command was not there or could not be started. */
const NOT_RUN = 126;
/** From this exit code on, a signal ended the command. */
const BY_SIGNAL = 128;

/**
 * Deletes entries of a folder. Its arguments are the volume's root, the folder below it, the names that stay (each
 * between slashes), the only name to delete or nothing, and what is mounted below the root. It hands `remove`, which has
 * to be defined before, some hundred names at a time, since a folder may hold more of them than a command line does.
 */
const DELETE = `
cd -P -- "$1" || exit ${REFUSED}
if [ -n "$2" ]; then
  [ -d "$2" ] || exit 0
  cd -P -- "./$2" || exit ${REFUSED}
fi
here=$(pwd -P)/
case "$here" in "$1"/*) ;; *) echo "a link leads from $2 out of the volume" >&2; exit ${REFUSED} ;; esac
kept=$3 only=$4
shift 4
for mount do
  case "$here" in "$mount"/*) echo "a link leads to $mount, which is mounted from elsewhere" >&2; exit ${REFUSED} ;; esac
done
if [ -n "$only" ]; then
  [ -e "./$only" ] || [ -L "./$only" ] || exit 0
  remove "./$only"
  exit
fi
failed=0
set --
for entry in ..?* .[!.]* *; do
  [ -e "$entry" ] || [ -L "$entry" ] || continue
  case "$kept" in *"/$entry/"*) continue ;; esac
  set -- "$@" "./$entry"
  [ $# -lt 200 ] && continue
  remove "$@" || failed=$?
  set --
done
[ $# -eq 0 ] || remove "$@" || failed=$?
exit "$failed"`;

/**
 * Mount points below a folder, relative to it, without those that lie below another one. Null: what is mounted at the
 * folder is only a part of a volume.
 * @param mountinfo lines of `/proc/self/mountinfo`, see proc_pid_mountinfo(5)
 */
export function mountsBelow(mountinfo: readonly string[], folder: string): string[] | null {
  const mounts = mountinfo.map((line) => line.split(" ")).filter((fields) => fields.length > 5)
    .map(([, , , root = "", point = ""]) => ({ root: unescape(root), point: unescape(point) }));
  if (mounts.some(({ root, point }) => point === folder && /\/_data\/./.test(root))) return null;
  const below = mounts.map(({ point }) => point).filter((point) => point.startsWith(`${folder}/`))
    .map((point) => point.slice(folder.length + 1));
  return [...new Set(below)].filter((one) => !below.some((other) => one.startsWith(`${other}/`)));
}

/** The kernel writes a space, a tab, a line's end and a backslash in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** What to delete so that the saved paths go, all of them by default, and what is mounted among them stays. */
export function planSteps(
  paths: readonly string[] | null,
  mounts: readonly string[],
): { steps: Step[]; hidden: string[] } {
  const steps: Step[] = [];
  const hidden: string[] = [];
  for (const path of paths ?? [""]) {
    if (mounts.some((mount) => path === mount || path.startsWith(`${mount}/`))) {
      hidden.push(path);
      continue;
    }
    const inside = mounts.filter((mount) => path === "" || mount.startsWith(`${path}/`));
    if (path !== "" && inside.length === 0) {
      steps.push({ folder: parentOf(path), only: basename(path), keep: [] });
      continue;
    }
    const folders = new Set([path]);
    for (const mount of inside) {
      for (let folder = parentOf(mount); folder.length > path.length; folder = parentOf(folder)) {
        folders.add(folder);
      }
    }
    for (const folder of folders) {
      const start = folder === "" ? 0 : folder.length + 1;
      const within = inside.filter((mount) => folder === "" || mount.startsWith(`${folder}/`));
      const keep = [...new Set(within.map((mount) => mount.slice(start).split("/")[0] ?? ""))];
      steps.push({ folder, only: null, keep });
    }
  }
  return { steps, hidden };
}

function parentOf(path: string): string {
  const folder = dirname(path);
  return folder === "." ? "" : folder;
}
