/** Minor versions of abra of which anybody has told what they do. */
const known: readonly string[] = ["0.13"];

/**
 * What is to be said of an abra whose version is not one of those that are known: its flags and what it prints may
 * differ. Null: nothing.
 * @param version as `abra --version` states it, such as `0.13.0-beta-06a57de`
 */
export function strangeVersion(version: string): string | null {
  const minor = /(?:^|\s)v?(\d+\.\d+)\b/.exec(version)?.[1];
  if (minor !== undefined && known.includes(minor)) return null;
  return `abra "${version}" is none of the versions that cc-ci knows (${known.join(", ")}): ` +
    "./cc-ci abra-contract says what it does differently";
}
