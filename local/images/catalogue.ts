/** An image that a recipe names and that is made here where it cannot be pulled. */
export interface ImageSpec {
  /** The very name the recipe uses; the part behind the colon is the version of what is inside. */
  tag: string;
  /** Folder beside this file with the `Dockerfile` and what it copies. */
  folder: "nginx" | "postgres" | "miniflux" | "backup-bot";
  /** Handed to the Dockerfile as VERSION, which fails the build if something else gets installed. */
  version: string;
  /** Duration of a build as a rule, for people who wait. */
  usually: string;
}

const nginx = spec("nginx:1.22.1", "nginx", "10 s");
const postgres = spec("postgres:15.18", "postgres", "30 s");

/** Images of every version of a recipe, published or not. */
export const imagesOfRecipe: Record<string, ImageSpec[]> = {
  "custom-html": [nginx],
  "miniflux": [
    postgres,
    spec("miniflux/miniflux:2.2.13", "miniflux", "10 s"),
    spec("miniflux/miniflux:2.2.14", "miniflux", "1 s"),
  ],
};

/** The backup bot's: restic of Debian. Made here always; no registry is asked for this name. */
export const botImage = spec("localhost/cc-ci/backup-bot:0.14.0", "backup-bot", "15 s");

/** Where the made images start from. Never deployed, so no registry is ever asked for it. */
export const BASE_IMAGE = "localhost/cc-ci/debian:bookworm";
export const BASE_SUITE = "bookworm";
/** Stands in its place where a registry has it. */
export const OFFICIAL_BASE = `debian:${BASE_SUITE}-20260824-slim`;

function spec(tag: string, folder: ImageSpec["folder"], usually: string): ImageSpec {
  return { tag, folder, usually, version: tag.slice(tag.lastIndexOf(":") + 1) };
}
