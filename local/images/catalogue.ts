/** An image that a recipe names and that is made here where it cannot be pulled. */
export interface ImageSpec {
  /** The very name the recipe uses; the part behind the colon is the version of what is inside. */
  tag: string;
  /** Folder beside this file with the `Dockerfile` and what it copies. */
  folder: string;
  /** The program inside that Debian does not have: its build comes before the image's. */
  program?: "miniflux" | "gitea" | "oidc-provider";
  /** Handed to the Dockerfile as VERSION, which fails the build if something else gets installed. */
  version: string;
  /** Duration of a build as a rule, for people who wait. */
  usually: string;
}

const nginx = spec("nginx:1.22.1", "nginx", "10 s");
const postgres = spec("postgres:15.18", "postgres", "30 s");

/**
 * Names of images that no registry has: they are made here always. Accounts of Docker Hub consist of letters and digits,
 * so nobody can publish anything under this one.
 */
const OWN = "cc-ci/";

const miniflux: ImageSpec[] = [
  postgres,
  { ...spec("miniflux/miniflux:2.2.13", "miniflux", "10 s"), program: "miniflux" },
  { ...spec("miniflux/miniflux:2.2.14", "miniflux", "1 s"), program: "miniflux" },
];

/** Images of every version of a recipe, published or not. */
export const imagesOfRecipe: Record<string, ImageSpec[]> = {
  "custom-html": [nginx],
  "gitea": [{ ...spec("gitea/gitea:1.26.0-rootless", "gitea", "20 s"), program: "gitea" }],
  "miniflux": miniflux,
  "miniflux-oidc": miniflux,
  "oidc-provider": [
    { ...spec(`${OWN}oidc-provider:8.8.1`, "oidc-provider", "20 s"), program: "oidc-provider" },
  ],
  "mumble": [spec(`${OWN}mumble-server:1.3.4`, "mumble-server", "30 s")],
  "prosody": [spec(`${OWN}prosody:0.12.3`, "prosody", "15 s")],
  "radicale": [spec(`${OWN}radicale:3.1.8`, "radicale", "15 s")],
  "wordpress": [
    spec(`${OWN}wordpress:6.1.9`, "wordpress", "1 min"),
    spec("mariadb:10.11.18", "mariadb", "40 s"),
  ],
};

/** The backup bot's: restic of Debian. Made here always. */
export const botImage = spec("localhost/cc-ci/backup-bot:0.14.0", "backup-bot", "15 s");

/** Whether a registry may have it. */
export function mayBePulled({ tag }: ImageSpec): boolean {
  return !tag.startsWith("localhost/") && !tag.startsWith(OWN);
}

/** Folder of the Dockerfiles. */
export const SOURCES = import.meta.dirname ?? ".";

/** Where the made images start from. Never deployed, so no registry is ever asked for it. */
export const BASE_IMAGE = "localhost/cc-ci/debian:bookworm";
export const BASE_SUITE = "bookworm";
/** Stands in its place where a registry has it. */
export const OFFICIAL_BASE = `debian:${BASE_SUITE}-20260824-slim`;

function spec(tag: string, folder: string, usually: string): ImageSpec {
  return { tag, folder, usually, version: tag.slice(tag.lastIndexOf(":") + 1) };
}
