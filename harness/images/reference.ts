/** An image's name, taken apart as Docker does. */
export interface Reference {
  /** As the recipe writes it. */
  image: string;
  /** Everything before tag and digest, as the engine lists it: without `docker.io/` and `library/`. */
  repository: string;
  /** Host, and port if it has one, of the registry. */
  registry: string;
  /** The digest, if the name has one, else the tag. */
  version: string;
  /** Whether the name says by a digest which content is meant. */
  pinned: boolean;
}

const HUB = "docker.io";

/**
 * Whether a text can be an image's name. The engine knows better, and is only asked about what could do no harm as part
 * of a path.
 */
export function isName(image: string): boolean {
  return /^[a-z0-9]([\w.:\/@-]*\w)?$/i.test(image) && !/\.\.|\/\//.test(image);
}

/** An image's name as the engine lists it: with a tag, or with a digest where the name has one. */
export function listedName({ repository, version, pinned }: Reference): string {
  return `${repository}${pinned ? "@" : ":"}${version}`;
}

/** Takes an image's name apart. */
export function referenceOf(image: string): Reference {
  const [named = "", digest] = image.split("@");
  const tag = /:([^/:]*)$/.exec(named)?.[1];
  const name = tag === undefined ? named : named.slice(0, -tag.length - 1);
  const [first = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const registry = !isHost || first === `index.${HUB}` ? HUB : first;
  const path = isHost ? rest.join("/") : name;
  return {
    image,
    registry,
    repository: registry === HUB ? path.replace(/^library\/(?=[^/]+$)/, "") : name,
    version: digest ?? tag ?? "latest",
    pinned: digest !== undefined,
  };
}
