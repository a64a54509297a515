/** Images of the test apps, and of the backup bot: pulled where a registry has them, otherwise made here. */
import { join } from "node:path";
import { runCommand, runCommandOk } from "../../common/command.ts";
import { DOCKER_ENV } from "../docker/client.ts";
import { fromRegistry, type Registry } from "../docker/registry.ts";
import { type Paths, pathsFromEnvironment } from "../host/paths.ts";
import { inStep, type Progress } from "../host/progress.ts";
import { buildBase, buildImage } from "./build.ts";
import {
  BASE_IMAGE,
  BASE_SUITE,
  botImage,
  imagesOfRecipe,
  type ImageSpec,
  mayBePulled,
  OFFICIAL_BASE,
  SOURCES,
} from "./catalogue.ts";
import { contentHash, filesOf } from "./content.ts";
import { engineId, lookUp } from "./engine.ts";
import { Ledger } from "./ledger.ts";
import { type Brought, imageProgram } from "./programs.ts";

export interface ImageOptions {
  progress: Progress;
  /** Cache folder; built programs, the record of made tags and, for engines not ours, saved images are kept there. */
  cache: string;
  /**
   * An engine with its data root in our cache keeps its images. For any other they are saved to files, for the next
   * start.
   */
  engineIsOurs: boolean;
  /** Ends what is being built. */
  signal?: AbortSignal;
}

interface Wanted extends ImageSpec {
  content: string;
  /** Id of the image that has the tag now, made from older sources. */
  stale?: string;
}

/**
 * Brings every image a recipe names into the engine. Nothing is pulled or made for a tag that is there: somebody
 * else's image is used as it is, one of ours is made again only when its sources have changed.
 * @returns the tags that this call pulled, loaded or made; none for a recipe without images in the catalogue
 * @throws {StackError | UsageError} if one can neither be pulled nor made
 */
export function ensureImages(recipe: string, options: ImageOptions): Promise<string[]> {
  return bringImages(imagesOfRecipe[recipe] ?? [], options);
}

/** The same for the backup bot's image. Answers its tag. */
export async function ensureBotImage(options: ImageOptions): Promise<string> {
  await bringImages([botImage], options);
  return botImage.tag;
}

async function bringImages(images: ImageSpec[], options: ImageOptions): Promise<string[]> {
  if (images.length === 0) return [];
  await using _lock = await lockImages(options.cache);
  const base = await contentHash([join(SOURCES, "base.sh")], [BASE_SUITE]);
  const brought: string[] = [];
  const missing: Wanted[] = [];
  for (const image of images) {
    const content = await contentHash(await filesOf(join(SOURCES, image.folder)), [base, image.version]);
    const present = await lookUp(image.tag);
    if (present.kind === "foreign" || (present.kind === "made" && present.content === content)) continue;
    if (present.kind === "missing" && await bring(image, { ...options, content })) brought.push(image.tag);
    else missing.push({ ...image, content, ...(present.kind === "made" ? { stale: present.id } : {}) });
  }
  if (missing.length > 0) await make(missing, { ...options, base });
  return [...brought, ...missing.map(({ tag }) => tag)];
}

/**
 * Takes the tags made here off an engine that is not ours (the saved files stay in the cache).
 * @returns the tags removed
 */
export async function removeImages(options: Pick<ImageOptions, "progress" | "cache">): Promise<string[]> {
  await using _lock = await lockImages(options.cache);
  const ledger = new Ledger(options.cache);
  const made = await ledger.read();
  if (made.length === 0) return [];
  const engine = await engineId();
  const removed: string[] = [];
  for (const image of made.filter((one) => one.engine === engine)) {
    const present = await lookUp(image.tag);
    if (present.kind === "made" && present.content === image.content) {
      const result = await runCommand(["docker", "image", "rm", image.tag], { env: DOCKER_ENV });
      if (!result.success) {
        options.progress.note(`Image ${image.tag} stays: ${result.stderr.trim()}`);
        continue;
      }
      removed.push(image.tag);
    }
    await ledger.remove(engine, image.tag);
  }
  return removed;
}

/** Gets an image without making it: from a file saved earlier, or from a registry. */
async function bring(image: ImageSpec, options: ImageOptions & { content: string }): Promise<boolean> {
  const { tag } = image;
  const { content } = options;
  const file = savedFile(tag, content, options.cache);
  if (await Deno.stat(file).then(() => true, () => false)) {
    const loaded = await inStep(options.progress, `Load image ${tag}`, async () => {
      return (await runCommand(["docker", "load", "--input", file], { env: DOCKER_ENV, timeoutMs: 300_000 }))
        .success;
    });
    if (loaded) {
      await new Ledger(options.cache).add({ engine: await engineId(), tag, content });
      return true;
    }
  }
  return mayBePulled(image) && await pull(tag, options);
}

async function pull(
  tag: string,
  { progress, signal = new AbortController().signal }: Pick<ImageOptions, "progress" | "signal">,
): Promise<boolean> {
  const work = (registry: Registry) => registry.pull(tag, signal);
  return await fromRegistry({ name: `image ${tag}`, work }, { progress, signal });
}

/** Makes images. Programs compile while Debian's base is put together; Docker builds run one after the other. */
async function make(missing: Wanted[], options: ImageOptions & { base: string }): Promise<void> {
  const { progress, cache, base } = options;
  const failed = new AbortController();
  const signal = options.signal === undefined
    ? failed.signal
    : AbortSignal.any([options.signal, failed.signal]);
  const paths: Paths = {
    ...pathsFromEnvironment(),
    cache,
    bin: join(cache, "bin"),
    build: join(cache, "build"),
  };
  const engine = await engineId();
  const ledger = new Ledger(cache);
  const programs = new Map<string, Brought[]>();
  let from = BASE_IMAGE;

  /** @returns tag of the image that the others start from */
  async function findBase(): Promise<string> {
    const present = await lookUp(BASE_IMAGE);
    if (present.kind === "made" && present.content === base) return BASE_IMAGE;
    if ((await lookUp(OFFICIAL_BASE)).kind !== "missing" || await pull(OFFICIAL_BASE, { progress, signal })) {
      return OFFICIAL_BASE;
    }
    await inStep(
      progress,
      "Make the Debian base image (about 40 s)",
      (step) => buildBase({ content: base, paths, step, signal }),
    );
    await ledger.add({ engine, tag: BASE_IMAGE, content: base });
    return BASE_IMAGE;
  }
  async function makePrograms(): Promise<void> {
    for (const image of missing.filter(({ program }) => program !== undefined)) {
      programs.set(image.tag, await imageProgram(image, { paths, progress, signal }));
    }
  }
  async function makeImages(images: Wanted[]): Promise<void> {
    for (const image of images) {
      await inStep(progress, `Build image ${image.tag} (about ${image.usually})`, (step) => {
        return buildImage(image, {
          base: from,
          content: image.content,
          brought: programs.get(image.tag) ?? [],
          paths,
          step,
          signal,
        });
      });
      await ledger.add({ engine, tag: image.tag, content: image.content });
      // Refused while a container still runs from it, which is no reason to fail.
      if (image.stale !== undefined) {
        await runCommand(["docker", "image", "rm", image.stale], { env: DOCKER_ENV });
      }
      if (!options.engineIsOurs) await save(image, options);
    }
  }

  const debian = async () => {
    from = await findBase();
    await makeImages(missing.filter(({ program }) => program === undefined));
  };
  // What fails first ends the other: no compiler may go on when this program has given up.
  const works = [makePrograms(), debian()].map((work) =>
    work.catch((error) => {
      failed.abort(error);
      throw error;
    })
  );
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === "rejected") throw failed.signal.reason;
  }
  await makeImages(missing.filter(({ program }) => program !== undefined));
}

async function save(image: Wanted, { progress, cache }: ImageOptions): Promise<void> {
  const file = savedFile(image.tag, image.content, cache);
  await inStep(progress, `Keep image ${image.tag} in the cache`, async () => {
    await runCommandOk(["docker", "save", "--output", `${file}.new`, image.tag], {
      env: DOCKER_ENV,
      timeoutMs: 300_000,
    });
    await Deno.rename(`${file}.new`, file);
  });
}

function savedFile(tag: string, content: string, cache: string): string {
  return join(cache, "images", `${tag.replaceAll(/[^a-z0-9.]+/gi, "-")}-${content}.tar`);
}

/** Two starts at the same time make each image once. */
async function lockImages(cache: string): Promise<AsyncDisposable> {
  await Deno.mkdir(join(cache, "images"), { recursive: true });
  const file = await Deno.open(join(cache, "images", "lock"), { write: true, create: true });
  await file.lock(true);
  return {
    async [Symbol.asyncDispose]() {
      // A child that another thread just starts holds the file open, so that closing alone would free the lock late.
      await file.unlock();
      file.close();
    },
  };
}
