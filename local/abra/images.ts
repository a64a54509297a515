import { type ComposeFile, mergedServices } from "./compose.ts";
import { engine } from "./engine.ts";
import { Fatal } from "./output.ts";

/**
 * How `docker stack deploy` is to find out what the images' tags mean. abra asks the registry each time, so that
 * services name their images by digest. Where all of them were made on this machine no registry knows them, and one
 * that never answers would hold up the deploy.
 */
export async function resolveImages(files: ComposeFile[]): Promise<"always" | "never"> {
  const images = Object.values(mergedServices(files)).map(({ image }) => String(image ?? ""));
  const made = await Promise.all([...new Set(images)].map(isMadeHere));
  return made.every(Boolean) ? "never" : "always";
}

async function isMadeHere(image: string): Promise<boolean> {
  try {
    const { RepoDigests } = await engine<{ RepoDigests?: string[] | null }>(
      `/images/${encodeURIComponent(image)}/json`,
    );
    return !(RepoDigests ?? []).some((one) => isOf(one, image));
  } catch (error) {
    if (error instanceof Fatal) return false;
    throw error;
  }
}

/** Whether a digest was given to an image under this very name. */
export function isOf(digest: string, image: string): boolean {
  const [repository = ""] = digest.split("@");
  const [name = ""] = image.split("@");
  return name.replace(/:[^/:]*$/, "").replace(/^(index\.)?docker\.io\//, "")
    .replace(/^library\/(?=[^/]+$)/, "") === repository;
}
