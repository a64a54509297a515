import { randomBytes } from "node:crypto";
import * as z from "zod";
import { tokenFile, writePrivate } from "../host/accounts.ts";
import type { Paths } from "../host/paths.ts";
import { droneFiles } from "./files.ts";

const stored = z.object({
  /** Password of the pipelines' owner on the forge. */
  password: z.string(),
  /** Between server and runner. */
  rpc: z.string(),
  /** What sessions are signed with. */
  cookie: z.string(),
  /** The bridge's token, which is an admin's of Drone. */
  token: z.string(),
  /** Drone as the forge's OAuth application. */
  app: z.object({ id: z.string(), secret: z.string() }).nullable(),
});
/** Everything secret about Drone. */
export type DroneSecrets = z.infer<typeof stored>;

/** The secrets, which are made and stored before anything uses them. */
export async function ensureSecrets(paths: Paths): Promise<DroneSecrets> {
  const text = await Deno.readTextFile(droneFiles(paths).secrets).catch(() => null);
  if (text !== null) return stored.parse(JSON.parse(text));
  const random = () => randomBytes(16).toString("hex");
  const fresh = { password: random(), rpc: random(), cookie: random(), token: random(), app: null };
  await saveSecrets(paths, fresh);
  return fresh;
}

export async function saveSecrets(paths: Paths, secrets: DroneSecrets): Promise<void> {
  await writePrivate(droneFiles(paths).secrets, JSON.stringify(secrets, null, 2) + "\n");
  await writePrivate(tokenFile(paths, "drone"), secrets.token);
}
