import { basename, dirname, join } from "node:path";
import { CcciError } from "../../common/errors.ts";

/**
 * The users that nobody has: systemd's list of user ids leaves this range to nobody. Limits are counted per user, so
 * each sandbox draws one of its own: what goes on in one takes nothing of another's, not even in the same process.
 */
const FIRST_USER = 2_000_000_000;
const USERS = 100_000_000;

/** Bytes of private memory that one process may have; Deno with a type check needs 800 MB of them. */
const MEMORY = 1_500_000_000;
/** Bytes of all files the program writes, in memory. */
const SCRATCH = "256m";
/** Processes and threads: Deno has some for each processor. */
const TASKS = 64 + 4 * navigator.hardwareConcurrency;
const FILE_SIZE = 32 * 1024 * 1024;
const RESULT_SIZE = 4 * 1024 * 1024;

/** Most that is taken over of a recipe's tests. */
const MAX_FILES = 500;
const MAX_BYTES = 16 * 1024 * 1024;

/** Where things are for a program in the sandbox. */
export const inside = {
  deno: "/deno",
  tests: "/tests",
  kit: "/kit",
  socket: "/run/kit.sock",
  home: "/home",
  /** What the program leaves here is handed out. */
  result: "/home/result",
} as const;

/**
 * Runs as root of new namespaces, first process among its own: a root folder with the system's programs and
 * libraries, read-only, and nothing else of the host; then the program, as nobody in particular and without a way
 * back. When it ends, whatever else it started is killed, and only then its result is looked at. Its words are
 * arguments, its places variables: nothing that a recipe says is part of this text.
 */
const init = `set -eu
root=$SANDBOX/root
chmod -R a+rX "$SANDBOX/kit" "$SANDBOX/tests"
mount -t tmpfs -o "size=$SCRATCH,mode=755" tmpfs "$root"
for dir in /usr /lib /lib64 /bin /nix/store; do
  [ -e "$dir" ] || continue
  if [ -L "$dir" ]; then ln -s "$(readlink "$dir")" "$root$dir"; continue; fi
  mkdir -p "$root$dir"
  mount --rbind -o ro "$dir" "$root$dir"
done
mkdir -p "$root/dev" "$root/home" "$root/kit" "$root/proc/self" "$root/run" "$root/tests"
ln -s /deno "$root/proc/self/exe" # all that Deno wants of /proc
for device in null zero random urandom; do
  : > "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
: > "$root/deno"
mount --bind -o ro "$SANDBOX_DENO" "$root/deno"
mount --bind -o ro "$SANDBOX/kit" "$root/kit"
mount --bind -o ro "$SANDBOX/tests" "$root/tests"
if [ -e "$SANDBOX/kit.sock" ]; then
  : > "$root/run/kit.sock"
  mount --bind "$SANDBOX/kit.sock" "$root/run/kit.sock"
fi
mount -t tmpfs -o "size=$SCRATCH,mode=777,nosuid,nodev" tmpfs "$root/home"
mount -o remount,bind,ro "$root"
setpriv=$(readlink -f "$(command -v setpriv)")
chroot=$(command -v chroot)
env=$(command -v env)
: > "$SANDBOX/out/started"
cd /
set +e
prlimit "--nproc=$SANDBOX_TASKS" "--data=$SANDBOX_MEMORY" "--cpu=$SANDBOX_SECONDS" "--fsize=$SANDBOX_FILE" \\
  --nofile=256 --core=0 -- \\
  "$env" -i HOME=/home TMPDIR=/home DENO_DIR=/home/deno DENO_NO_UPDATE_CHECK=1 FORCE_COLOR=1 LANG=C.UTF-8 TZ=UTC \\
  "$chroot" "$root" "$setpriv" $SANDBOX_USER --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
code=$?
kill -KILL -1 2>/dev/null
result=$root/home/result
if [ -f "$result" ] && [ ! -L "$result" ]; then head -c "$SANDBOX_RESULT" "$result" > "$SANDBOX/out/result"; fi
exit "$code"
`;

export interface SandboxOptions {
  /** Folder for everything that the sandbox is made of; made here, removed by the caller. */
  tmp: string;
  /** Path of the deno binary. */
  deno: string;
  /** Folder whose files the program gets to see at `/tests`. */
  tests: string;
  timeoutMs: number;
}

/** The sandbox could not be set up: trouble of the host, not of what was to run in it. */
export class SandboxError extends CcciError {}

/**
 * A place for programs that nobody trusts: no network of any kind, no files of the host but programs and libraries, no
 * environment, no other processes, a user of its own without privileges, and limits to memory, processes, files and
 * time. Needs root, or a kernel that lets everybody have user namespaces.
 */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #user = FIRST_USER + Math.floor(Math.random() * USERS);

  private constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /** @throws {SandboxError} `sandbox.files` when there are more tests than anybody needs */
  static async make(options: SandboxOptions & { kit: string }): Promise<Sandbox> {
    const { tmp, tests, kit } = options;
    for (const folder of ["root", "out", "kit", "tests"]) {
      await Deno.mkdir(join(tmp, folder), { recursive: true, mode: 0o755 });
    }
    await Deno.writeTextFile(join(tmp, "kit", "mod.ts"), kit, { mode: 0o644 });
    await Deno.writeTextFile(join(tmp, "kit", "import_map.json"), importMap(`file://${inside.kit}/mod.ts`), {
      mode: 0o644,
    });
    await copyFiles(tests, join(tmp, "tests"));
    return new Sandbox(options);
  }

  /** Path of the socket that the program sees at `/run/kit.sock`; it has to exist before the program starts. */
  get socket(): string {
    return join(this.#options.tmp, "kit.sock");
  }

  /** The command that runs `argv` in the sandbox, and the environment it needs. */
  command(argv: readonly string[]): { argv: string[]; env: Record<string, string> } {
    const { tmp, deno, timeoutMs } = this.#options;
    const root = Deno.uid() === 0;
    const user = this.#user;
    const spaces = ["--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=KILL"];
    return {
      argv: [
        "unshare",
        ...(root ? [] : ["--user", "--map-root-user"]),
        ...spaces,
        "--",
        "sh",
        "-c",
        init,
        "sh",
        ...argv,
      ],
      env: {
        PATH: Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
        SANDBOX: tmp,
        SANDBOX_DENO: Deno.realPathSync(deno),
        SANDBOX_USER: root ? `--reuid=${user} --regid=${user} --clear-groups` : "",
        SANDBOX_TASKS: String(TASKS),
        SANDBOX_MEMORY: String(MEMORY),
        SANDBOX_FILE: String(FILE_SIZE),
        SANDBOX_RESULT: String(RESULT_SIZE),
        // Of all threads together: the time itself is kept from outside, which says that it was up.
        SANDBOX_SECONDS: String(2 * Math.ceil(timeoutMs / 1000)),
        SCRATCH,
      },
    };
  }

  /** @throws {SandboxError} `sandbox.start` with what was said if the program never ran */
  async requireStarted(said: string): Promise<void> {
    try {
      await Deno.stat(join(this.#options.tmp, "out", "started"));
    } catch {
      throw new SandboxError("sandbox.start", "Could not set up the sandbox for the recipe's own tests", {
        cause: new Error(said.trim().split("\n").slice(-3).join("; ").slice(0, 500)),
        hint: "It needs root, or user namespaces for everybody, and util-linux",
      });
    }
  }

  /** What the program left at `/home/result`; empty if nothing. */
  async result(): Promise<string> {
    return await Deno.readTextFile(join(this.#options.tmp, "out", "result")).catch(() => "");
  }
}

/** An import map that knows the kit and nothing else. */
export function importMap(kit: string): string {
  return JSON.stringify({ imports: { "cc-ci": kit } });
}

/** Copies plain files; links are left out, since what they lead to may be the host's. */
async function copyFiles(from: string, to: string): Promise<void> {
  let files = 0;
  let bytes = 0;
  for await (const path of plainFiles(from)) {
    const info = await Deno.lstat(join(from, path));
    files += 1;
    bytes += info.size;
    if (files > MAX_FILES || bytes > MAX_BYTES) {
      throw new SandboxError(
        "sandbox.files",
        `The folder "${basename(from)}" holds more than ${MAX_FILES} files or ${MAX_BYTES / 1024 ** 2} MB`,
      );
    }
    const target = join(to, path);
    await Deno.mkdir(dirname(target), { recursive: true, mode: 0o755 });
    await Deno.writeFile(target, await Deno.readFile(join(from, path)), { mode: 0o644 });
  }
}

/** Paths of the plain files below a folder, relative to it. */
async function* plainFiles(root: string, below = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(root, below))) {
    const path = join(below, entry.name);
    if (entry.isDirectory) yield* plainFiles(root, path);
    else if (entry.isFile) yield path;
  }
}
