import { CcciError } from "../common/errors.ts";

/** Where something stands inside a compose file, e.g. `["services", "app", "volumes", 0]`. */
export type ComposePath = readonly (string | number)[];

/** One compose file as Docker will see it: parsed, then interpolated. */
export interface ComposeFile {
  /** Relative to the checkout. */
  path: string;
  doc: Record<string, unknown>;
  /** Line (from 1) of the nearest part of `path` that exists. */
  lineOf(path: ComposePath): number;
}

/** A variable the compose files name, have no default for, and that nobody sets: Docker makes it empty. */
export interface UnsetVariable {
  name: string;
  file: string;
  line: number;
}

export interface Compose {
  ok: true;
  /** In the order of COMPOSE_FILE; later ones override earlier ones. */
  files: ComposeFile[];
  variablesUnset: UnsetVariable[];
}

export interface ComposeFailure {
  ok: false;
  /** `confine.compose-file` for a file outside the checkout, `compose.*` otherwise. */
  rule:
    | "confine.compose-file"
    | "compose.missing"
    | "compose.yaml"
    | "compose.shape"
    | "compose.interpolation";
  file: string;
  line?: number;
  /** What is wrong, one sentence without file name. */
  message: string;
}

export type ComposeResult = Compose | ComposeFailure;

/** A volume as mounted by a service. */
export interface ComposeVolume {
  service: string;
  /** Key under the top-level `volumes`. */
  key: string;
  /** Its name in Docker. */
  name: string;
  /** Absolute path in the container. */
  target: string;
}

/**
 * Reads the compose files of a recipe the way `docker stack deploy` will, without asking Docker.
 * @param checkout folder of the recipe
 * @param env the app's environment exactly as the deploy gets it; the process's own is never looked at
 */
export function loadCompose(checkout: string, env: Readonly<Record<string, string>>): Promise<ComposeResult> {
  throw new CcciError("todo", `${checkout} ${Object.keys(env)}`);
}

/** Named volumes that services mount, over all files. */
export function volumesOf(compose: Compose, stack: string): ComposeVolume[] {
  throw new CcciError("todo", `${compose.ok} ${stack}`);
}

/** Names of the services, over all files. */
export function servicesOf(compose: Compose): string[] {
  throw new CcciError("todo", `${compose.ok}`);
}

export { parseAbraShExports, parseEnvSample } from "./env_sample.ts";
