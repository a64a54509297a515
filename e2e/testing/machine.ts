import { dirname, join } from "node:path";
import { exec, execOk, type ExecOptions, type ExecResult } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { waitFor } from "../../common/time.ts";
import { isRoot } from "../../local/host/host.ts";

const BOOT_MS = 60_000;
/** Where systemd-nspawn has a folder for each machine. */
const PROPAGATED = "/run/systemd/nspawn/propagate";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Why no machine can be started here; null where one can. */
export async function machineObstacle(): Promise<string | null> {
  if (!isRoot()) return "systemd-nspawn needs root";
  const groups = await controlGroups();
  if (groups.length === 0) return "systemd-nspawn needs control groups of version 2";
  // What systemd-nspawn does first: namespaces, and a layer over the machine's files that goes with it.
  const layers = "mount -t tmpfs tmpfs /mnt && mkdir /mnt/a /mnt/b /mnt/c /mnt/d && " +
    "mount -t overlay overlay -o lowerdir=/mnt/a,upperdir=/mnt/b,workdir=/mnt/c /mnt/d";
  const tried = await exec([
    "unshare",
    "--mount",
    "--net",
    "--pid",
    "--fork",
    "--mount-proc",
    "sh",
    "-c",
    layers,
  ]);
  if (!tried.success) {
    return `this machine may not have machines in it: ${tried.stderr.trim().split("\n")[0]}`;
  }
  try {
    for (const group of groups) {
      const probe = join(group, `cc-ci-probe-${Deno.pid}`);
      await Deno.mkdir(probe);
      await Deno.remove(probe);
    }
  } catch {
    return "the control groups here may not be written";
  }
  return null;
}

/**
 * Where systemd has its control groups: those of version 2, and beside them a hierarchy of its own where there is one.
 * @param options.counting those of version 1 as well, in which some kernels count memory, processes and so on
 */
async function controlGroups({ counting = false } = {}): Promise<string[]> {
  const lines = (await Deno.readTextFile("/proc/self/mountinfo")).split("\n");
  const mounted = (pattern: RegExp) =>
    lines.filter((line) => pattern.test(line)).map((line) => line.split(" ")[4] ?? "");
  const unified = mounted(/ - cgroup2 /).slice(0, 1);
  if (unified.length === 0) return [];
  // A group of processors takes nobody in before it is told which processors it has.
  const others = counting ? mounted(/ - cgroup (?!.*\b(cpuset|name=systemd)\b)/) : [];
  return [...unified, ...mounted(/ - cgroup .*\bname=systemd\b/).slice(0, 1), ...others];
}

export interface MachineOptions {
  /** Folder with its files, which are not written to. */
  root: string;
  /** Files and folders of this machine that it has as well, read-only, by their paths there. */
  binds?: Record<string, string>;
  /** The same of folders that it writes to. */
  folders?: Record<string, string>;
  /** Whether a Docker Engine is to start containers in it. */
  containers?: boolean;
}

/** What runc calls, and systemd-nspawn keeps from a machine otherwise. */
const CALLS_OF_CONTAINERS = "--system-call-filter=add_key keyctl bpf";

/** A machine of its own inside this one: systemd, processes, network and files, none of which it shares. */
export class Machine implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #name: string;
  #init = 0;

  private constructor(child: Deno.ChildProcess, name: string) {
    this.#child = child;
    this.#name = name;
  }

  /** Starts a machine, and waits until systemd there has started what it starts by itself. */
  static async boot(
    { root, binds = {}, folders = {}, containers = false }: MachineOptions,
  ): Promise<Machine> {
    const name = `cc-ci-${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;
    const hierarchies = await controlGroups({ counting: containers });
    for (const folder of [...await controlGroups({ counting: true }), PROPAGATED]) {
      await removeAbandoned(folder);
    }
    for (const folder of hierarchies) await Deno.mkdir(join(folder, name));
    const groups = hierarchies.map((folder) => join(folder, name, "cgroup.procs"));
    // All processes of the machine go when the first of these is killed, and that is killed when this program ends.
    const child = new Deno.Command("setpriv", {
      args: [
        ...[
          "--pdeathsig",
          "KILL",
          "--",
          "unshare",
          "--mount",
          "--pid",
          "--fork",
          "--kill-child",
          "--mount-proc",
          "--",
        ],
        ...[
          "sh",
          "-c",
          'while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift; exec "$@"',
          "sh",
          ...groups,
          "--",
        ],
        ...[
          "systemd-nspawn",
          "--quiet",
          "--boot",
          `--directory=${root}`,
          "--volatile=overlay",
          `--machine=${name}`,
        ],
        ...["--register=no", "--keep-unit", "--private-network", "--link-journal=no", "--console=pipe"],
        ...(containers ? [CALLS_OF_CONTAINERS] : []),
        ...Object.entries(binds).map(([there, here]) => `--bind-ro=${escaped(here)}:${escaped(there)}`),
        ...Object.entries(folders).map(([there, here]) => `--bind=${escaped(here)}:${escaped(there)}`),
      ],
      env: { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const machine = new Machine(child, name);
    try {
      let ended = false;
      child.status.then(() => ended = true);
      await waitFor(async () => {
        if (ended) throw new Error("Could not boot a machine: systemd-nspawn ended");
        machine.#init = await firstProcess(child.pid) ?? 0;
        if (machine.#init === 0) return false;
        const { stdout } = await machine.try(["systemctl", "is-system-running"]);
        return /^(running|degraded)$/.test(stdout.trim());
      }, { what: "the machine to boot", timeoutMs: BOOT_MS, everyMs: 50 });
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends everything in it, and removes what systemd-nspawn leaves behind. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    for (const folder of [...await controlGroups({ counting: true }), PROPAGATED]) {
      await removeGroup(join(folder, this.#name));
    }
  }

  /** Runs a program in the machine, however it ends. */
  async try(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return await exec(this.#inside(argv), { clearEnv: true, env: { PATH, LC_ALL: "C" }, ...options });
  }

  /** Runs a program in the machine. @returns what it prints. @throws when it fails */
  async run(...argv: readonly string[]): Promise<string> {
    return (await execOk(this.#inside(argv), { clearEnv: true, env: { PATH, LC_ALL: "C" } })).stdout.trim();
  }

  /** Runs a program of this machine's on that one's network. */
  async onNetwork(...argv: readonly string[]): Promise<void> {
    await execOk(["nsenter", "--target", String(this.#init), "--net", "--", ...argv]);
  }

  /** Lays a cable from this machine to another, each of which has an address at its end, with the bits of the network. */
  async connect(other: Machine, { here, there }: { here: string; there: string }): Promise<void> {
    const peer = ["peer", "name", "uplink", "netns", String(other.#init)];
    await this.onNetwork("ip", "link", "add", "uplink", "type", "veth", ...peer);
    for (const [machine, address] of [[this, here], [other, there]] as const) {
      await machine.onNetwork("ip", "address", "add", address, "dev", "uplink");
      await machine.onNetwork("ip", "link", "set", "uplink", "up");
    }
  }

  /** Path by which this machine finds a file of that one. */
  path(there: string): string {
    return `/proc/${this.#init}/root${there}`;
  }

  /** Writes a file there, and makes its folder. */
  async write(there: string, content: string, mode = 0o644): Promise<void> {
    const path = this.path(there);
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, content);
    await Deno.chmod(path, mode);
  }

  #inside(argv: readonly string[]): string[] {
    return ["nsenter", "--target", String(this.#init), "--all", "--", ...argv];
  }
}

/** Number of the process that is the first of a machine, which a process of ours started. */
async function firstProcess(starter: number): Promise<number | undefined> {
  const children = async (pid: number) =>
    (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "")).split(" ").filter((one) =>
      one !== ""
    )
      .map(Number);
  let family = [starter];
  while (family.length > 0) {
    for (const pid of family) {
      const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
      // One number here, one in the namespace that holds all of the machine, and one in the machine.
      if (/^Name:\s+systemd$/m.test(status) && /^NSpid:.*\s\d+\s\d+\s1$/m.test(status)) return pid;
    }
    family = (await Promise.all(family.map(children))).flat();
  }
  return undefined;
}

/** Removes what machines left there that went with a program that was killed. */
async function removeAbandoned(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  for await (const { name } of Deno.readDir(folder)) {
    const owner = /^cc-ci-(\d+)-[0-9a-f]{8}$/.exec(name)?.[1];
    if (owner !== undefined && !await exists(`/proc/${owner}`)) await removeGroup(join(folder, name));
  }
}

/** Removes a folder of folders, in which files come and go by themselves. */
async function removeGroup(path: string): Promise<void> {
  if (!await exists(path)) return;
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory) await removeGroup(join(path, name));
  }
  await waitFor(() => Deno.remove(path).then(() => true, () => false), {
    what: `"${path}" to be empty`,
    timeoutMs: 10_000,
    everyMs: 20,
  });
}

function escaped(path: string): string {
  return path.replaceAll("\\", "\\\\").replaceAll(":", "\\:");
}
