import { join } from "node:path";
import { UsageError } from "../../common/errors.ts";
import { exec, execOk } from "../../common/exec.ts";
import { DOCKER_ENV } from "../docker/client.ts";
import { StackError } from "../host/errors.ts";
import { ensurePrograms, isRoot } from "../host/host.ts";
import { OURS, type Paths } from "../host/paths.ts";
import type { Step } from "../host/progress.ts";
import { BASE_IMAGE, BASE_SUITE, type ImageSpec, SOURCES } from "./catalogue.ts";
import { CONTENT_LABEL } from "./content.ts";
import type { Brought } from "./programs.ts";

const BUILD_MS = 900_000;

/** What every build is given. */
export interface Surroundings {
  paths: Paths;
  step: Step;
  signal: AbortSignal;
}

/** Makes the base image by debootstrap. @throws {UsageError} without root, which debootstrap needs. */
export async function buildBase(options: { content: string } & Surroundings): Promise<void> {
  const { content, paths, step, signal } = options;
  if (!isRoot()) {
    throw new UsageError(
      "Could not make the base image of the test apps: this needs root, and no registry gave Debian's",
      {
        hint: "Run this as root, or let the engine reach Docker Hub or a mirror of it",
      },
    );
  }
  await ensurePrograms(["debootstrap"], { why: "images of the test apps", step });
  await Deno.mkdir(paths.build, { recursive: true });
  const work = await Deno.makeTempDir({ dir: paths.build, prefix: "debian-" });
  try {
    step.update("downloading Debian packages");
    const lastLine = new LastLine((line) => step.update(line.replace(/^I: /, "")));
    await execOk(["nice", "-n", "5", join(SOURCES, "base.sh"), BASE_SUITE, work], {
      timeoutMs: BUILD_MS,
      signal,
      onOutput: lastLine.see,
    });
    const labels = [`${CONTENT_LABEL}=${content}`, `${OURS}=${paths.cache}`];
    await execOk(
      [
        "docker",
        "import",
        ...labels.flatMap((label) => ["--change", `LABEL ${label}`]),
        join(work, "base.tar"),
        BASE_IMAGE,
      ],
      { env: DOCKER_ENV, timeoutMs: BUILD_MS, signal },
    );
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new StackError("Could not make the base image of the test apps", { cause });
  } finally {
    await Deno.remove(work, { recursive: true }).catch(() => {});
  }
}

/** Runs `docker build` for one image on top of the image `base`. */
export async function buildImage(
  image: ImageSpec,
  options: { base: string; content: string; brought: readonly Brought[] } & Surroundings,
): Promise<void> {
  const { base, content, brought, paths, step, signal } = options;
  await Deno.mkdir(paths.build, { recursive: true });
  const context = await Deno.makeTempDir({ dir: paths.build, prefix: `${image.folder}-` });
  const argv = ["docker", "build", "--force-rm", "--tag", image.tag];
  for (const [name, value] of [["BASE", base], ["VERSION", image.version]]) {
    argv.push("--build-arg", `${name}=${value}`);
  }
  argv.push("--label", `${CONTENT_LABEL}=${content}`, "--label", `${OURS}=${paths.cache}`, context);
  try {
    for await (const file of Deno.readDir(join(SOURCES, image.folder))) {
      if (file.isFile) await Deno.copyFile(join(SOURCES, image.folder, file.name), join(context, file.name));
    }
    for (const { from, to } of brought) await execOk(["cp", "--recursive", from, join(context, to)]);
    const lastLine = new LastLine((line) => step.update(line));
    // The classic builder is part of every engine and finds images that exist only locally.
    const env = { ...DOCKER_ENV, DOCKER_BUILDKIT: "0" };
    const result = await exec(argv, { env, timeoutMs: BUILD_MS, signal, onOutput: lastLine.see });
    signal.throwIfAborted();
    if (!result.success) {
      // What the failed step printed is on stdout; stderr begins with advice about other builders.
      const said = `${result.stdout.trim()}\n${result.stderr.trim()}`.split("\n").filter((line) =>
        line.trim() !== ""
      );
      throw new StackError(`Could not build the image "${image.tag}"`, {
        hint: said.filter((line) => !/DEPRECATED|BuildKit is currently|environment-variable/.test(line))
          .slice(-6).join("\n"),
      });
    }
  } finally {
    await Deno.remove(context, { recursive: true }).catch(() => {});
  }
}

/** Passes on the last full line of what a child has printed so far. */
class LastLine {
  readonly #decoder = new TextDecoder();
  constructor(readonly show: (line: string) => void) {}
  readonly see = (chunk: Uint8Array) => {
    const line = this.#decoder.decode(chunk, { stream: true }).trim().split("\n").pop()?.trim();
    if (line !== undefined && line !== "") this.show(line.slice(0, 90));
  };
}
