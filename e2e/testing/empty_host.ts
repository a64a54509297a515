import { basename, join } from "node:path";
import { execOk } from "../../common/exec.ts";
import type { ExecResult } from "../../common/exec.ts";
import { ensureComposeClient } from "../../local/docker/compose_client.ts";
import { keptEngine } from "../../local/docker/engine_program.ts";
import { ensureDroneRunner } from "../../local/drone/programs.ts";
import { ensurePrograms, onPath } from "../../local/host/host.ts";
import type { Paths } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { ensureSops } from "../../local/secrets/sops_program.ts";
import { lockStack } from "../../local/stack/lock.ts";
import { Machine } from "./machine.ts";

const CHECKOUT = "/srv/cc-ci";
const DENO_DIR = "/srv/deno-dir";
const CACHE = "/srv/cache";
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Where a kernel counts memory, processes and so on in hierarchies of version 1, Docker finds them there, below the
 * machine's own groups. With those of version 2 alone nothing has to be done.
 */
const START_DOCKER = `#!/bin/sh
set -e
if grep -q '^[0-9]*:memory:' /proc/self/cgroup; then
  mount -t tmpfs tmpfs /sys/fs/cgroup
  for counted in $(cut -d: -f2 /proc/self/cgroup | grep -v -e '^name=' -e '^$' -e cpuset); do
    mkdir "/sys/fs/cgroup/$counted"
    mount -t cgroup -o "$counted" cgroup "/sys/fs/cgroup/$counted"
  done
fi
exec "$@"
`;
const dockerUnit = (options: readonly string[]) =>
  `[Unit]
Description=Docker Engine
[Service]
Type=notify
Environment=PATH=/opt/docker:${PATH}
ExecStart=/opt/docker/start /opt/docker/dockerd ${options.join(" ")}
PrivateMounts=yes
Delegate=yes
KillMode=process
TimeoutStopSec=60
[Install]
WantedBy=multi-user.target
`;

/** Stands in the place of abra's program: what it needs lies in the checkout. */
const ABRA = `#!/bin/sh
export DENO_DIR=${DENO_DIR} CCCI_DENO=${CACHE}/deno/deno
exec ${CHECKOUT}/local/abra/abra "$@"
`;

/** A Debian with a Docker Engine, abra and this checkout, and nothing of cc-ci installed or said. */
export class EmptyHost implements AsyncDisposable {
  readonly machine: Machine;

  private constructor(machine: Machine) {
    this.machine = machine;
  }

  /** @param folder where Docker and cc-ci keep what they have */
  static async open(folder: string, { paths, root }: { paths: Paths; root: string }): Promise<EmptyHost> {
    const there = await programsOf(paths);
    const { stdout } = await execOk([Deno.execPath(), "info", "--json"]);
    const state = join(folder, "lib");
    await execOk(["cp", "--archive", join(root, "var", "lib"), state]);
    const machine = await Machine.boot({
      root,
      containers: true,
      folders: { "/var/lib": state },
      binds: {
        [CHECKOUT]: paths.repo,
        [DENO_DIR]: JSON.parse(stdout).denoDir,
        [`${CACHE}/deno/deno`]: Deno.execPath(),
        [`${CACHE}/bin/${basename(there.runner)}`]: there.runner,
        "/usr/local/bin/sops": there.sops,
        "/usr/bin/docker": there.client,
        "/opt/docker/dockerd": there.dockerd,
        "/opt/docker/docker-proxy": there.proxy,
        ...(there.init === undefined ? {} : { "/opt/docker/docker-init": there.init }),
      },
    });
    const host = new EmptyHost(machine);
    try {
      await machine.write("/usr/local/bin/abra", ABRA, 0o755);
      await machine.write("/opt/docker/start", START_DOCKER, 0o755);
      const options = ["--userland-proxy-path=/opt/docker/docker-proxy"];
      if (there.init !== undefined) options.push("--init-path=/opt/docker/docker-init");
      await machine.write("/usr/lib/systemd/system/docker.service", dockerUnit(options));
      // Docker starts one by itself, with the same view of the groups.
      await machine.run("systemctl", "mask", "--now", "--quiet", "containerd.service");
      await machine.run("systemctl", "daemon-reload");
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }

  /** `./cc-ci` in the checkout there. */
  async ccCi(...args: string[]): Promise<ExecResult> {
    return await this.machine.try([`${CHECKOUT}/cc-ci`, ...args], {
      env: {
        PATH: `${PATH}:${CACHE}/deno`,
        HOME: "/root",
        DENO_DIR,
        CCCI_CACHE: CACHE,
        EDITOR: "/root/editor",
        NO_COLOR: "1",
      },
      timeoutMs: 600_000,
    });
  }

  /** A command that is installed there, as root calls it. */
  async command(...argv: string[]): Promise<ExecResult> {
    return await this.machine.try(argv, { env: { PATH, HOME: "/root" }, timeoutMs: 300_000 });
  }
}

async function programsOf(paths: Paths) {
  const context = { paths, progress: silentProgress, signal: new AbortController().signal };
  const step = silentProgress.step("a host's programs");
  await ensurePrograms(["ip", ["tini-static", "docker-init"]], { why: "a machine with Docker", step });
  using _lock = await lockStack(paths, context);
  return {
    ...await keptEngine({ ...context, step }),
    client: await ensureComposeClient(context),
    runner: await ensureDroneRunner(context),
    sops: await ensureSops(context),
    init: await onPath("tini-static") ?? await onPath("docker-init"),
  };
}
