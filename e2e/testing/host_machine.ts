import { join } from "node:path";
import { bundlePrograms } from "../../programs/bundle.ts";
import { ownHome } from "../../programs/start.ts";
import { waitFor } from "../../common/time.ts";
import { parseSettings, SETTINGS_FILE } from "../../host/settings.ts";
import { unitValues } from "../../host/unit_values.ts";
import { hostFiles, type HostValues } from "../../host/unit_files.ts";
import { keptEngine } from "../../local/docker/engine_program.ts";
import { ensureDronePrograms } from "../../local/drone/programs.ts";
import { BASE_DOMAIN, type Paths, pathsBelow, pathsFromEnvironment } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { ensureCertificates, ensureInsideCertificates } from "../../local/traefik/tls.ts";
import { dynamicConfig } from "../../local/traefik/traefik.ts";
import { ensureTraefikProgram } from "../../local/traefik/traefik_image.ts";
import { lockStack } from "../../local/stack/lock.ts";
import { copyTree } from "./copy_tree.ts";
import { ensureDebian } from "./debian.ts";
import { Machine } from "./machine.ts";

export const GATEWAY = "172.18.0.1";
const PREFIX = "/opt/cc-ci";
/** What an operator of this host writes. */
const SETTINGS = {
  domain: BASE_DOMAIN,
  forge: { url: `https://git.${BASE_DOMAIN}`, org: "recipe-maintainers" },
  gateway: { address: GATEWAY },
  ca: "/etc/cc-ci/ca.pem",
  drone: { commit: "d".repeat(40) },
  backupBot: {},
};
/** An engine that leaves the kernel's packet filter alone: containers are nothing that is looked at here. */
const DOCKER_UNIT = `[Service]
Type=notify
Environment=PATH=/opt/docker:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/opt/docker/dockerd --iptables=false --ip6tables=false --storage-driver=vfs
`;
/** Where the program that stands for the host's in a machine without Docker is told how to end, and notes its turns. */
export const TURNS = "/run/cc-ci-turns";

/**
 * Ends as it is told, and notes when it began and ended. The real one ends with the same codes: 0 where all is as it
 * should be, 1 and 2 where somebody has to put something right, 3 where it has to be tried again.
 */
export const STAND_IN = `const part = Deno.args[0];
const note = (what) => Deno.writeTextFileSync("${TURNS}/log", part + " " + what + "\\n", { append: true, create: true });
note("began");
let code = 0;
try { code = Number(Deno.readTextFileSync("${TURNS}/" + part)); } catch { /* Nobody told it. */ }
note("ended " + code);
Deno.exit(code);
`;

/** A Debian of its own with cc-ci installed from bundles and its plain unit files. */
export class HostMachine implements AsyncDisposable {
  readonly machine: Machine;
  readonly secrets: Record<string, string>;
  readonly #folder: string;
  readonly #program: string;

  private constructor(
    machine: Machine,
    parts: { secrets: Record<string, string>; folder: string; program: string },
  ) {
    this.machine = machine;
    this.secrets = parts.secrets;
    this.#folder = parts.folder;
    this.#program = parts.program;
  }

  static async open(): Promise<HostMachine> {
    const folder = await Deno.makeTempDir({ prefix: "cc-ci-host-" });
    let machine: Machine | undefined;
    try {
      const shared = pathsFromEnvironment();
      const programs = await programsOf(shared);
      const root = await ensureDebian();
      const bundles = join(folder, "programs");
      if (shared.programs.form === "source") await bundlePrograms(bundles, { repo: ownHome().folder });
      else await copyTree(shared.programs.folder, bundles);
      machine = await Machine.boot({
        root,
        binds: {
          [`${PREFIX}/bin/deno`]: Deno.execPath(),
          [`${PREFIX}/bin/drone-runner-exec`]: programs.runner,
          "/opt/traefik": programs.traefik,
          "/opt/docker/dockerd": programs.dockerd,
          "/opt/docker/docker-proxy": programs.proxy,
        },
      });
      await copyTree(bundles, machine.path(`${PREFIX}/programs`));
      const host = new HostMachine(machine, {
        secrets: await writeSecrets(machine, pathsBelow(folder)),
        folder,
        program: await Deno.readTextFile(join(bundles, "host.js")),
      });
      await Deno.mkdir(machine.path(TURNS));
      await machine.write(SETTINGS_FILE, JSON.stringify(SETTINGS));
      await machine.write("/usr/lib/systemd/system/docker.service", DOCKER_UNIT);
      await host.installUnits();
      await machine.run("systemctl", "enable", "--quiet", "cc-ci.target");
      return host;
    } catch (error) {
      await machine?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /**
   * Writes the unit files, as a new version or other settings do, and tells systemd.
   * @returns names of those that changed
   */
  async installUnits(holes: HostValues["holes"] = {}): Promise<string[]> {
    const files = hostFiles({
      holes: { ...unitValues(parseSettings(SETTINGS)), prefix: PREFIX, ...holes },
    });
    const changed: string[] = [];
    for (const [name, text] of Object.entries(files)) {
      const path = name.startsWith("bin/") ? `${PREFIX}/${name}` : `/etc/systemd/system/${name}`;
      const before = await Deno.readTextFile(this.machine.path(path)).catch(() => null);
      if (before === text) continue;
      changed.push(name);
      await this.machine.write(path, text, name.startsWith("bin/") ? 0o755 : 0o644);
    }
    await this.machine.run("systemctl", "daemon-reload");
    return changed;
  }

  /** Has the units start the host's program itself, or the stand-in in its place. */
  async useProgram(which: "own" | "stand-in"): Promise<void> {
    const text = which === "own" ? this.#program : STAND_IN;
    await this.machine.write(`${PREFIX}/programs/host.js`, text);
  }

  /** Says how the stand-in ends from now on. */
  async tell(part: string, code: number): Promise<void> {
    await this.machine.write(`${TURNS}/${part}`, String(code));
  }

  /** What the stand-in noted, in order. */
  async turns(): Promise<string[]> {
    const text = await Deno.readTextFile(this.machine.path(`${TURNS}/log`)).catch(() => "");
    return text.trim().split("\n").filter((line) => line !== "");
  }

  async property(unit: string, name: string): Promise<string> {
    return await this.machine.run("systemctl", "show", "--value", `--property=${name}`, unit);
  }

  /** What a unit and systemd said about it. */
  async journal(unit: string, since = "0"): Promise<string> {
    return await this.machine.run(
      "journalctl",
      "--no-pager",
      "--output=cat",
      `--since=@${since}`,
      `--unit=${unit}`,
    );
  }

  async untilActive(...units: string[]): Promise<void> {
    for (const unit of units) {
      try {
        await waitFor(async () => await this.property(unit, "ActiveState") === "active", {
          what: `"${unit}" to be active`,
          timeoutMs: 60_000,
          everyMs: 50,
        });
      } catch (cause) {
        const said = await this.machine.try(["journalctl", "--no-pager", "--lines=30", `--unit=${unit}`]);
        throw new Error(`"${unit}" did not become active:\n${said.stdout}`, { cause });
      }
    }
  }

  /** Status and body of an answer of Traefik's, whose certificate is verified. */
  async ask(url: string, ...options: string[]): Promise<{ status: number; body: string }> {
    const { host } = new URL(url);
    const { stdout } = await this.machine.try([
      ...["curl", "--silent", "--cacert", "/etc/cc-ci/ca.pem", "--write-out", "\n%{http_code}"],
      ...["--resolve", `${host}:443:127.0.0.1`, ...options, url],
    ]);
    const lines = stdout.trimEnd().split("\n");
    return { status: Number(lines.pop()), body: lines.join("\n") };
  }

  /** Starts Traefik with the routes of the local stack, and the authority that the host's program has made. */
  async startTraefik(): Promise<void> {
    await this.machine.run("cp", "/var/lib/cc-ci/host/ca.pem", "/etc/traefik/inside-ca.pem");
    await this.machine.run(
      ...["systemd-run", "--quiet", "--unit=traefik", "/opt/traefik"],
      ...[
        "--entrypoints.web.address=:80",
        "--entrypoints.web-secure.address=:443",
        "--ping.manualrouting=true",
      ],
      ...["--ping=true", "--api=true", "--providers.file.filename=/etc/traefik/dynamic.yml"],
    );
  }
}

async function programsOf(paths: Paths) {
  const context = { paths, progress: silentProgress, signal: new AbortController().signal };
  using _lock = await lockStack(paths, context);
  const step = silentProgress.step("Docker Engine");
  return {
    ...await ensureDronePrograms(context),
    ...await keptEngine({ ...context, step }),
    traefik: await ensureTraefikProgram(context),
  };
}

/** Writes what the host's program makes: by it dashboard and bridge show the proxy who they are. */
export async function writeInsideCertificate(machine: Machine, folder: string): Promise<void> {
  const inside = await ensureInsideCertificates(pathsBelow(folder));
  await machine.write("/var/lib/cc-ci/host/inside.pem", await Deno.readTextFile(inside.cert), 0o600);
  await machine.write("/var/lib/cc-ci/host/inside-key.pem", await Deno.readTextFile(inside.key), 0o600);
}

/** The host's secrets and certificates, as an operator puts them there. @returns the secrets by their names */
async function writeSecrets(machine: Machine, paths: Paths): Promise<Record<string, string>> {
  const names = [
    ...["bridge_token", "runner_token", "forge_token", "webhook_secret", "drone_token", "drone_rpc_secret"],
    ...["drone_client_id", "drone_client_secret", "restic_password"],
  ];
  const secrets = Object.fromEntries(names.map((name) => [name, `${name}-${crypto.randomUUID()}`]));
  for (const [name, value] of Object.entries(secrets)) {
    await machine.write(`/etc/cc-ci/secrets/${name}`, `${value}\n`, 0o600);
  }
  await Deno.chmod(machine.path("/etc/cc-ci/secrets"), 0o700);
  const outside = await ensureCertificates(paths);
  const files: [from: string, to: string, mode: number][] = [
    [outside.ca, "/etc/cc-ci/ca.pem", 0o644],
    [outside.cert, "/var/lib/ci-certs/live/fullchain.pem", 0o644],
    [outside.key, "/var/lib/ci-certs/live/privkey.pem", 0o600],
    [outside.cert, "/run/secrets/wildcard.pem", 0o644],
    [outside.key, "/run/secrets/wildcard-key.pem", 0o600],
  ];
  for (const [from, to, mode] of files) await machine.write(to, await Deno.readTextFile(from), mode);
  await machine.write("/etc/traefik/dynamic.yml", dynamicConfig(GATEWAY));
  return secrets;
}
