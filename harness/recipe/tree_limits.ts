import { shortCommit } from "../../protocol/params.ts";
import { StageFailure } from "../run/stage.ts";
import type { Git } from "./git.ts";

/** Recipes have some dozens of files; a few carry the app's own source. */
const limits = { files: 5_000, bytes: 100 * 1024 * 1024, depth: 20 };

/** Commits that were found to be fine, each with its mirror: a commit's name stands for the same files for ever. */
const fine = new Set<string>();

/**
 * Looks at a commit's tree before it is checked out: a pack of a few hundred kB can hold any number of files, since git
 * keeps what is equal once. The listing is read as it comes and ended as soon as it is too much.
 * @throws {StageFailure} `confine.checkout`
 */
export async function checkTree(
  git: Git,
  { commit, mirror, signal }: { commit: string; mirror: string; signal?: AbortSignal },
): Promise<void> {
  const name = `${mirror} ${commit}`;
  if (fine.has(name)) return;
  const enough = new AbortController();
  const measure = new Measure();
  const args = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit];
  const result = await git.attempt(args, {
    cwd: mirror,
    signal: signal === undefined ? enough.signal : AbortSignal.any([enough.signal, signal]),
    onOutput: (chunk) => {
      measure.add(chunk);
      if (measure.problem !== null) enough.abort();
    },
  });
  signal?.throwIfAborted();
  if (measure.problem !== null) {
    throw new StageFailure(`The recipe ${measure.problem} at ${shortCommit(commit)}`, {
      code: "confine.checkout",
    });
  }
  if (!result.success) {
    throw new Error(`Could not list the files of ${shortCommit(commit)}: ${result.stderr}`);
  }
  fine.add(name);
}

class Measure {
  problem: string | null = null;
  #files = 0;
  #bytes = 0;
  #rest = "";
  #decoder = new TextDecoder();
  #paths = new Set<string>();
  #folders = new Set<string>();

  add(chunk: Uint8Array): void {
    const entries = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split("\0");
    this.#rest = entries.pop() ?? "";
    for (const entry of entries) this.#count(entry);
    if (this.#rest.length > 10_000) {
      this.problem ??= "has a path of more than 10000 characters";
    }
  }

  /** `100644 blob <id>     <size>\t<path>`; the size of a submodule is a dash. */
  #count(entry: string): void {
    const tab = entry.indexOf("\t");
    const path = entry.slice(tab + 1);
    const [, type, , bytes] = entry.slice(0, tab).trim().split(/\s+/);
    const size = Number(bytes);
    if (type === "commit") this.problem ??= `holds a submodule, "${path}", which not every git fetches,`;
    if (this.#isTwice(path)) {
      this.problem ??= `holds "${path}" twice, of which programs take one or the other,`;
    }
    this.#files++;
    this.#bytes += Number.isFinite(size) ? size : 0;
    if (this.#files > limits.files) {
      this.problem ??= `holds more than ${limits.files} files`;
    }
    if (this.#bytes > limits.bytes) {
      this.problem ??= `holds more than ${limits.bytes / 1024 / 1024} MiB`;
    }
    if (path.split("/").length > limits.depth) {
      this.problem ??= `has folders more than ${limits.depth} deep`;
    }
  }

  /** Whether another file has that path, or one that leads through it. */
  #isTwice(path: string): boolean {
    const folders = path.split("/").slice(0, -1).map((_, index, parts) =>
      parts.slice(0, index + 1).join("/")
    );
    const twice = this.#paths.has(path) || this.#folders.has(path) ||
      folders.some((folder) => this.#paths.has(folder));
    this.#paths.add(path);
    for (const folder of folders) this.#folders.add(folder);
    return twice;
  }
}
