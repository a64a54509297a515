import { basename, dirname, join } from "node:path";
import { CcciError } from "../../common/errors.ts";

/**
 * User ids that no account uses: systemd's list of user ids assigns this range to nothing. The kernel counts limits per
 * user, so each sandbox draws an id of its own; what goes on in one then takes nothing from another, not even within
 * one process.
 */
const FIRST_USER = 2_000_000_000;
const USERS = 100_000_000;

/** Bytes of private memory that one process may have; Deno needs 800 MB of them for a type check. */
const MEMORY = 1_500_000_000;
/** Room for all files that the program writes. They are in memory. */
const SCRATCH = "256m";
/** Number of processes and threads; Deno starts some threads for each processor. */
const TASKS = 64 + 4 * navigator.hardwareConcurrency;
const FILE_SIZE = 32 * 1024 * 1024;
const RESULT_SIZE = 4 * 1024 * 1024;

/** How many files, and how many bytes, of a recipe's tests are copied into the sandbox at most. */
const MAX_FILES = 500;
const MAX_BYTES = 16 * 1024 * 1024;

/** Where a program in the sandbox finds things. */
export const inside = {
  deno: "/deno",
  tests: "/tests",
  kit: "/kit",
  socket: "/run/kit.sock",
  home: "/home",
  /** A file that the program leaves here is handed out. */
  result: "/home/result",
} as const;

/**
 * This script runs as root of new namespaces and as their first process. It makes a root folder that has the system's
 * programs and libraries, read-only, and nothing else of the host. Then it runs the program in it, as a user without
 * privileges who cannot regain any. When the program ends, the script kills whatever else the program started, and only
 * then reads its result. The command comes as arguments and the paths as variables, so that nothing a recipe says is
 * part of this text.
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
ln -s /deno "$root/proc/self/exe" # Deno needs no more of /proc
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
  /** Folder for everything that the sandbox consists of. `make` makes it, the caller removes it. */
  tmp: string;
  /** Path of the deno binary. */
  deno: string;
  /** Folder whose files the program sees at `/tests`. */
  tests: string;
  timeoutMs: number;
}

/** The sandbox could not be set up. The host is the reason, except with `sandbox.files`. */
export class SandboxError extends CcciError {}

/**
 * A place for programs that nobody here trusts. They have no network of any kind, no files of the host except programs
 * and libraries, no environment, no other processes, a user of their own without privileges, and limits to memory,
 * processes, files and time. It needs root, or a kernel that lets everybody have user namespaces.
 */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #user = FIRST_USER + Math.floor(Math.random() * USERS);

  private constructor(options: SandboxOptions) {
    this.#options = options;
  }

  /** @throws {SandboxError} `sandbox.files` when the tests are too many files or too many bytes */
  static async make(options: SandboxOptions & { kit: Readonly<Record<string, string>> }): Promise<Sandbox> {
    const { tmp, tests, kit } = options;
    for (const folder of ["root", "out", "kit", "tests"]) {
      await Deno.mkdir(join(tmp, folder), { recursive: true, mode: 0o755 });
    }
    for (const [name, text] of Object.entries(kit)) {
      await Deno.writeTextFile(join(tmp, "kit", name), text, { mode: 0o644 });
    }
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
        // CPU time of all threads together. The caller watches the clock, and reports when the time is over.
        SANDBOX_SECONDS: String(2 * Math.ceil(timeoutMs / 1000)),
        SCRATCH,
      },
    };
  }

  /**
   * @param said what was printed, for the error
   * @throws {SandboxError} `sandbox.start` if the program never ran
   */
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

  /** What the program left at `/home/result`; empty if it left nothing. */
  async result(): Promise<string> {
    return await Deno.readTextFile(join(this.#options.tmp, "out", "result")).catch(() => "");
  }
}

/** An import map that knows the kit and nothing else. */
export function importMap(kit: string): string {
  return JSON.stringify({ imports: { "cc-ci": kit } });
}

/** Copies plain files. Links are left out, because they may lead to the host's files. */
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
export async function* plainFiles(root: string, below = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(root, below))) {
    const path = join(below, entry.name);
    if (entry.isDirectory) yield* plainFiles(root, path);
    else if (entry.isFile) yield path;
  }
}
