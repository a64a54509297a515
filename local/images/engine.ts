import { exec, execOk } from "../../common/exec.ts";
import { CONTENT_LABEL } from "./content.ts";
import { DOCKER_ENV } from "../docker/client.ts";

/** What the engine has under a tag: nothing, an image made here from the sources `content`, or somebody else's. */
export type Present =
  | { kind: "missing" }
  | { kind: "made"; content: string; id: string }
  | { kind: "foreign" };

export async function lookUp(tag: string): Promise<Present> {
  const result = await exec(["docker", "image", "inspect", tag], { env: DOCKER_ENV });
  if (!result.success) return { kind: "missing" };
  const [image] = JSON.parse(result.stdout) as InspectedImage[];
  const content = image?.Config?.Labels?.[CONTENT_LABEL];
  if (image === undefined || content === undefined) return { kind: "foreign" };
  return { kind: "made", content, id: image.Id };
}

interface InspectedImage {
  Id: string;
  Config?: { Labels?: Record<string, string> | null } | null;
}

/** The id an engine keeps for itself, whatever the machine is called. */
export async function engineId(): Promise<string> {
  return (await execOk(["docker", "info", "--format", "{{.ID}}"], { env: DOCKER_ENV })).stdout.trim();
}
