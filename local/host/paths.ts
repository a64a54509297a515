import { join, resolve } from "node:path";
import { resolvePath } from "../../common/files.ts";
import type { Home } from "../../programs/start.ts";

/** Where things of the local stack are kept. All of it lies below one cache folder. */
export interface Paths {
  /** Checkout of this project. */
  repo: string;
  /** Our programs as the stack starts them: those of the checkout, or bundles in the folder `CCCI_PROGRAMS`. */
  programs: Home;
  /** `CCCI_CACHE`, default `${XDG_CACHE_HOME:-$HOME/.cache}/cc-ci`. Survives `down`. */
  cache: string;
  /** Built programs, `<name>-<version>`. */
  bin: string;
  /** Source trees and other scratch of a build; gone when the build has succeeded. */
  build: string;
  /** Go's own caches; gone when no more is to be built. */
  buildCaches: string;
  /** Data root of an engine that we start. */
  engineData: string;
  /** Run folders; kept, so that reports outlive the stack. */
  runs: string;
  /** Everything of a running stack; `down` removes it. */
  state: string;
  logs: string;
  tls: string;
}

/** Layout below the cache folder that the environment names. */
export function pathsFromEnvironment(env: (name: string) => string | undefined = Deno.env.get): Paths {
  const home = env("HOME") ?? "/root";
  const paths = pathsBelow(
    resolve(env("CCCI_CACHE") || join(env("XDG_CACHE_HOME") || join(home, ".cache"), "cc-ci")),
  );
  const bundles = env("CCCI_PROGRAMS");
  if (!bundles) return paths;
  return { ...paths, programs: { form: "bundle", folder: resolvePath(bundles, env) } };
}

/** Layout below a cache folder, this stack's or another one's. */
export function pathsBelow(cache: string): Paths {
  const state = join(cache, "state");
  const repo = resolve(import.meta.dirname ?? Deno.cwd(), "../..");
  return {
    repo,
    programs: { form: "source", folder: repo },
    cache,
    bin: join(cache, "bin"),
    build: join(cache, "build"),
    buildCaches: join(cache, "go"),
    engineData: join(cache, "docker"),
    runs: join(cache, "runs"),
    state,
    logs: join(state, "logs"),
    tls: join(state, "tls"),
  };
}

export const BASE_DOMAIN = "ci.localhost";
export const FORGE_HOST = `git.${BASE_DOMAIN}`;
export const DRONE_HOST = `drone.${BASE_DOMAIN}`;
export const INGRESS = "127.0.0.1:443";
/** Where the stack's own services listen: only programs of this machine get there, and no container. */
export const LOOPBACK = "127.0.0.1";
/**
 * Their ports there. On the gateway of docker_gwbridge, where Traefik gets to and other containers would, the relay takes
 * TLS on the same ones.
 */
export const PORTS = { gitea: 3180, dashboard: 3181, bridge: 3182, drone: 3183, droneRunner: 3184 };
/** Label that everything we make in an engine carries; its value is the cache folder. */
export const OURS = "cc-ci.local";
