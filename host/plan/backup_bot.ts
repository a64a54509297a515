import { versionOf } from "../certificate.ts";
import type { Credentials } from "../credentials.ts";
import type { HostSettings } from "../settings.ts";
import type { WantedApp } from "./app.ts";

/**
 * The recipe backup-bot-two. A repository opens with the passwords that it knows, so it learns a new one while the bot
 * still has the old one.
 */
export async function wantedBackupBot(
  { domain, version, repository }: NonNullable<HostSettings["backupBot"]>,
  credentials: Credentials,
): Promise<WantedApp> {
  const password = await credentials.need("restic_password");
  const name = versionOf(password);
  return {
    recipe: "backup-bot-two",
    domain,
    version: version ?? null,
    settings: { RESTIC_REPOSITORY: repository, SECRET_RESTIC_PASSWORD_VERSION: name },
    secrets: [{ name: "restic_password", version: name, value: password }],
    keyOfData: "restic_password",
  };
}
