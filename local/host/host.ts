import { statfs } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exec, execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { inTurn } from "./in_turn.ts";
import type { Paths } from "./paths.ts";
import type { Step } from "./progress.ts";

export function isRoot(): boolean {
  return Deno.uid() === 0;
}

/** Full path of a program on PATH. */
export async function onPath(program: string): Promise<string | undefined> {
  const folders = [...(Deno.env.get("PATH") ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders) {
    const info = await Deno.stat(join(folder, program)).catch(() => undefined);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return join(folder, program);
  }
  return undefined;
}

/** Programs the stack and the runs call, and the Debian package each is in. */
const PROGRAM_PACKAGES: Record<string, string> = {
  git: "git",
  openssl: "openssl",
  "chromium-headless-shell": "chromium-headless-shell",
  certutil: "libnss3-tools",
  iptables: "iptables",
  setpriv: "util-linux",
  ps: "procps",
  ip: "iproute2",
  npm: "npm",
  "tini-static": "tini",
  "systemd-nspawn": "systemd-container",
};

/** Installs from Debian what is missing among `programs`; of a list any will do, and the first is installed. */
export async function ensurePrograms(
  programs: (string | string[])[],
  { why, step }: { why: string; step: Step },
): Promise<void> {
  const missing: string[] = [];
  for (const [program = "", ...others] of programs.map((one) => [one].flat())) {
    const found = await Promise.all([program, ...others].map(onPath));
    if (found.every((path) => path === undefined)) missing.push(PROGRAM_PACKAGES[program] ?? program);
  }
  if (missing.length > 0) await installPackages(missing, { why, step });
}

/** Keeps Debian from starting services of packages it installs. */
const HOLD = "#!/bin/sh\n# Written by cc-ci for the time of an installation.\nexit 101\n";

/**
 * Installs Debian packages, one call after the other: Debian refuses a second installation while one goes on.
 * @throws {UsageError} saying what to install by hand, where that is not possible.
 */
export const installPackages = inTurn(install);

async function install(
  packages: string[],
  { why, step }: { why: string; step: Step },
): Promise<void> {
  const names = packages.join(" ");
  if (await onPath("apt-get") === undefined) {
    throw new UsageError(`Could not install ${names} (needed for: ${why}): this is no Debian-like system`, {
      hint: `Install what these Debian packages hold and start again: ${names}`,
    });
  }
  if (!isRoot()) {
    throw new UsageError(`Could not install ${names} (needed for: ${why}): this needs root`, {
      hint: `Run "sudo apt-get install ${names}" and start again`,
    });
  }
  // Debian starts a service on installation; the engine is ours to start, with our own data root.
  const policy = "/usr/sbin/policy-rc.d";
  const there = await Deno.readTextFile(policy).catch(() => undefined);
  const hold = there === undefined || there === HOLD; // ours: left by an installation that was killed
  if (hold) await Deno.writeTextFile(policy, HOLD, { mode: 0o755 });
  const env = { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  // Somebody else may be installing something just now, as this machine's own updates do.
  const patience = ["-o", "DPkg::Lock::Timeout=600"];
  const command = ["apt-get", ...patience, "install", "-y", "--no-install-recommends", ...packages];
  try {
    step.update(`installing ${names}`);
    const first = await exec(command, { env, timeoutMs: 900_000 });
    if (first.success) return;
    step.update("fetching the list of Debian packages");
    await execOk(["apt-get", "update"], { env, timeoutMs: 300_000 });
    step.update(`installing ${names}`);
    await execOk(command, { env, timeoutMs: 900_000 });
  } catch (cause) {
    throw new UsageError(`Could not install ${names} (needed for: ${why})`, {
      cause,
      hint: `Run "apt-get update && apt-get install ${names}", see what it says, and start again`,
    });
  } finally {
    if (hold) await Deno.remove(policy).catch(() => {});
  }
}

/** What a first start writes where it builds everything: sources, build caches, programs, images. */
const BUILDING_START_GB = 9;
/** The same where a registry has what would be built. */
const PULLING_START_GB = 3;
/** What is left to write once all programs are there. */
const WARM_START_GB = 2;

export interface StartOnDisk {
  /** Whether a first start takes its parts from a registry; asked only where this is the first. */
  pulls: () => Promise<boolean>;
  /** @default what is free below the cache folder */
  freeGb?: number;
}

/** @throws {UsageError} when the cache folder's disk is too full to start. */
export async function requireDisk(paths: Paths, { pulls, freeGb }: StartOnDisk): Promise<void> {
  const there = await exists(paths.engineData) && (await Array.fromAsync(Deno.readDir(paths.bin))).length > 0;
  const wantedGb = there ? WARM_START_GB : await pulls() ? PULLING_START_GB : BUILDING_START_GB;
  refuseFullDisk({ folder: paths.cache, freeGb: freeGb ?? await freeGbAt(paths.cache), wantedGb });
}

async function freeGbAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize / 1e9;
}

/** @throws {UsageError} where less is free than wanted */
export function refuseFullDisk(disk: { folder: string; freeGb: number; wantedGb: number }): void {
  if (disk.freeGb >= disk.wantedGb) return;
  const { folder, freeGb, wantedGb } = disk;
  throw new UsageError(
    `Could not start: ${freeGb.toFixed(1)} GB are free below "${folder}", and ${wantedGb} GB are needed`,
    { hint: "Free some, or name a folder on another disk with CCCI_CACHE" },
  );
}
