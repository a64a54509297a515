/** Which forge it is, by what it says of its version. */
export interface ForgeVersion {
  name: "Gitea" | "Forgejo";
  /** Without what Forgejo adds about Gitea. */
  version: string;
  /** Set if it is older than what the bridge was made for: the first version that is not. */
  tooOldFor: string | null;
}

/** The first versions whose API was read and is known to be as the bridge takes it, timeline and statuses included. */
const firstKnown = { Gitea: [1, 22], Forgejo: [11, 0] } as const;

/**
 * Reads the answer to `GET /version`: `1.26.0` is a Gitea, `15.0.3+gitea-1.22.0` a Forgejo. What is no number, as a
 * build of one's own may call itself, is not judged.
 */
export function forgeVersion(said: string): ForgeVersion {
  const [, own, compatible] = /^(.*?)(\+gitea-.*)?$/.exec(said) ?? [];
  const name = compatible === undefined ? "Gitea" : "Forgejo";
  const version = own ?? said;
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  const [firstMajor, firstMinor] = firstKnown[name];
  const isOld = major !== undefined &&
    (Number(major) < firstMajor || (Number(major) === firstMajor && Number(minor) < firstMinor));
  return { name, version, tooOldFor: isOld ? `${firstMajor}.${firstMinor}` : null };
}
