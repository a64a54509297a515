import { dirname, join } from "node:path";
import { runCommand, runCommandOk } from "../../common/command.ts";
import { execOk } from "../../common/exec.ts";
import { exists } from "../../common/files.ts";
import { type Docker, DOCKER_ENV, orNothing } from "../docker/client.ts";
import { fingerprint } from "../docker/own_stack.ts";
import { ensureDronePrograms } from "../drone/programs.ts";
import { ensurePrograms, onPath } from "../host/host.ts";
import type { Paths } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { CONTENT_LABEL } from "../images/content.ts";
import { StackError } from "../host/errors.ts";
import { ensureTraefikProgram } from "../traefik/traefik_image.ts";

interface Surroundings {
  paths: Paths;
  progress: Progress;
  signal: AbortSignal;
}

/** An image as a recipe of the host's own apps names it, as a file that `docker import` reads. */
export interface HostImage {
  tag: string;
  tar: string;
  /** What the image says of itself, in the words of a Dockerfile. */
  changes: string[];
}

interface Contents {
  tag: string;
  /** Programs of this machine by their paths in the image; what they are linked with comes along. */
  programs: Record<string, string>;
  /** Files and folders that are copied as they are, by their paths in the image. */
  files: Record<string, string>;
  changes: string[];
}

/** Where programs look for authorities that everybody trusts: a forge is asked by https. */
export const AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * Makes the images that the recipes of the host's own apps name, of programs that this machine has or builds: whoever
 * runs the recipes need not reach any registry.
 * @param folder where the files are written
 */
export async function makeHostImages(folder: string, surroundings: Surroundings): Promise<HostImage[]> {
  const made: HostImage[] = [];
  await Deno.mkdir(folder, { recursive: true });
  for (const contents of await contentsOf(surroundings)) {
    const { tag, changes } = contents;
    const tar = join(folder, `${tag.replaceAll(/[^a-z0-9.]+/gi, "-")}.tar`);
    await inStep(surroundings.progress, `Make image ${tag}`, () => pack(contents, tar));
    made.push({ tag, tar, changes });
  }
  return made;
}

/**
 * Has the stack's engine hold these images. One that was made of the same programs stays; the one before it goes.
 */
export async function ensureHostImages(docker: Docker, surroundings: Surroundings): Promise<void> {
  const { paths, progress } = surroundings;
  for (const contents of await contentsOf(surroundings)) {
    const { tag } = contents;
    const there = await orNothing(docker.getImage(tag).inspect());
    const made = await fingerprintOf(contents);
    if (there?.Config?.Labels?.[CONTENT_LABEL] === made) continue;
    await inStep(progress, `Make image ${tag}`, async () => {
      const tar = await Deno.makeTempFile({ dir: paths.state, prefix: "image-" });
      try {
        await pack(contents, tar);
        const changes = [...contents.changes, `LABEL ${CONTENT_LABEL}=${made}`];
        const argv = ["docker", ...importArguments({ tag, tar, changes })];
        await runCommandOk(argv, { env: DOCKER_ENV, timeoutMs: 120_000 });
      } finally {
        await Deno.remove(tar);
      }
      // Refused while a container runs from it, which is no reason to fail.
      if (there !== undefined) await docker.getImage(there.Id).remove().catch(() => {});
    });
  }
}

/** Hash over what goes into an image; for programs, which are large, stand their size and when they were written. */
export async function fingerprintOf(
  { programs, files, changes }: Pick<Contents, "programs" | "files" | "changes">,
): Promise<string> {
  const stamps = await Promise.all(
    Object.values(programs).map(async (path) => {
      const { size, mtime } = await Deno.stat(path);
      return [size, mtime?.getTime()];
    }),
  );
  const texts: string[] = [];
  for (const path of Object.values(files)) texts.push(...await textsBelow(path));
  return fingerprint(JSON.stringify([programs, stamps, changes, texts]));
}

async function textsBelow(path: string): Promise<string[]> {
  if ((await Deno.stat(path)).isFile) return [path, await Deno.readTextFile(path)];
  const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  return (await Promise.all(names.map((name) => textsBelow(join(path, name))))).flat();
}

/** Arguments of docker's client by which an engine takes an image. */
export function importArguments({ tag, tar, changes }: HostImage): string[] {
  return ["import", ...changes.flatMap((change) => ["--change", change]), tar, tag];
}

async function contentsOf(surroundings: Surroundings): Promise<Contents[]> {
  const { paths, progress } = surroundings;
  await inStep(progress, "Programs of images", async (step) => {
    await ensurePrograms(["busybox", "restic"], { why: "images of the host's own apps", step });
  });
  const { server } = await ensureDronePrograms(surroundings);
  const bot = join(paths.repo, "local", "images", "backup-bot");
  return [
    {
      tag: "traefik:v3.7.13",
      programs: { "/traefik": await ensureTraefikProgram(surroundings) },
      files: {},
      changes: ['ENTRYPOINT ["/traefik"]', "ENV PATH=/"],
    },
    {
      tag: "drone/drone:1.10.1",
      programs: { "/bin/busybox": await found("busybox"), "/bin/drone-server": server },
      files: await exists(AUTHORITIES) ? { [AUTHORITIES]: AUTHORITIES } : {},
      changes: [
        'ENTRYPOINT ["/bin/drone-server"]',
        "ENV PATH=/bin GODEBUG=netdns=go DRONE_SERVER_PORT=:80",
        "ENV DRONE_DATABASE_DRIVER=sqlite3 DRONE_DATABASE_DATASOURCE=/data/database.sqlite",
      ],
    },
    {
      tag: "localhost/cc-ci/backup-bot-two:0.14.0",
      programs: {
        "/bin/busybox": await found("busybox"),
        "/usr/bin/restic": await found("restic"),
        "/opt/deno": Deno.execPath(),
      },
      files: {
        "/usr/bin/backup": join(bot, "backup"),
        "/usr/local/bin/entrypoint.sh": join(bot, "entrypoint.sh"),
        "/opt/cc-ci/common": join(paths.repo, "common"),
        "/opt/cc-ci/local/backup_bot": join(paths.repo, "local", "backup_bot"),
      },
      changes: [
        'ENTRYPOINT ["entrypoint.sh"]',
        "ENV PATH=/usr/local/bin:/usr/bin:/bin DENO_DIR=/var/cache/deno DENO_NO_UPDATE_CHECK=1",
        "ENV RESTIC_CACHE_DIR=/tmp/restic",
      ],
    },
  ];
}

async function found(program: string): Promise<string> {
  const path = await onPath(program);
  if (path !== undefined) return path;
  throw new StackError(`Could not make an image: there is no "${program}" on the PATH`);
}

/** Lays a root out and packs it. */
async function pack({ programs, files }: Contents, tar: string): Promise<void> {
  const root = `${tar}.root`;
  try {
    for (const folder of ["tmp", "run", "root", "var/cache", "bin"]) {
      await Deno.mkdir(join(root, folder), { recursive: true });
    }
    for (const [to, from] of Object.entries(programs)) {
      await copy(from, join(root, to));
      for (const library of await librariesOf(from)) await copy(library, join(root, library));
    }
    for (const [to, from] of Object.entries(files)) await copy(from, join(root, to));
    if (programs["/bin/busybox"] !== undefined) {
      await linkApplets(join(root, "bin"), programs["/bin/busybox"]);
    }
    const owner = ["--owner=0", "--group=0"];
    await runCommandOk(["tar", ...owner, "-C", root, "-cf", tar, "."], { timeoutMs: 120_000 });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  await Deno.mkdir(dirname(to), { recursive: true });
  await execOk(["cp", "--recursive", "--dereference", from, to]);
}

/** Files that a program is linked with, the loader among them. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout, success } = await runCommand(["ldd", program]);
  return success ? [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path) : [];
}

/** The names by which busybox is called. */
async function linkApplets(folder: string, busybox: string): Promise<void> {
  const { stdout } = await execOk([busybox, "--list"]);
  for (const name of stdout.trim().split("\n")) {
    if (name !== "busybox") await Deno.symlink("busybox", join(folder, name));
  }
}
