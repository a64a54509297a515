import { isAbsolute, join, relative, sep } from "node:path";
import { readStart } from "../../common/files.ts";

const MAX_LINKS = 40;

/** Whether `path` lies below `root` and not in its `.git`, as far as the text of the two says. */
function isInside(root: string, path: string): boolean {
  const from = relative(root, path);
  return from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from) && from.split(sep)[0] !== ".git";
}

/**
 * Follows a name inside of a recipe, link by link, and never looks at anything outside: whether a file of the host
 * exists must not show in what we say about the recipe.
 * @param root real path of the recipe's folder
 * @returns the real path; `outside` for a way that leaves the recipe or enters its `.git`; `missing`
 */
export function resolveInside(root: string, path: string): { path: string } | "outside" | "missing" {
  const start = isAbsolute(path) ? join(path) : join(root, path);
  if (!isInside(root, start)) return "outside";
  const found = walk(root, relative(root, start));
  if (isAbsolute(path)) return found;
  // Some programs fold "link/.." before they follow the link, others after: only names that mean the same to both.
  const unfolded = walk(root, path);
  const same = typeof found === "string" || typeof unfolded === "string"
    ? found === unfolded
    : found.path === unfolded.path;
  return same ? found : "outside";
}

function walk(root: string, path: string): { path: string } | "outside" | "missing" {
  let rest = path.split(sep);
  let at = root;
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === "" || part === ".") continue;
    const next = join(at, part);
    if (!isInside(root, next)) return "outside";
    let link: string | undefined;
    try {
      if (Deno.lstatSync(next).isSymlink) link = Deno.readLinkSync(next);
    } catch {
      return "missing";
    }
    if (link === undefined) at = next;
    else if (++links > MAX_LINKS) return "missing";
    else if (isAbsolute(link)) {
      if (!isInside(root, join(link))) return "outside";
      at = root;
      rest = [...relative(root, join(link)).split(sep), ...rest];
    } else rest = [...link.split(sep), ...rest];
  }
  return { path: at };
}

/** Bytes of a file that are read; whoever reads settings refuses a tenth of it as too much. */
const MAX_BYTES = 1024 * 1024;

/** Text of a file of the recipe, or its beginning; null where there is none, or where it is not the recipe's own. */
export function readInside(root: string, name: string): string | null {
  const found = resolveInside(root, name);
  if (typeof found === "string" || !Deno.statSync(found.path).isFile) return null;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(readStart(found.path, MAX_BYTES));
}
