import { join } from "node:path";
import { writeAtomically } from "../../common/files.ts";
import { shellWord } from "../../common/shell_word.ts";
import { type Account, type AccountName, type Credentials, tokenFile } from "../host/accounts.ts";
import { onPath } from "../host/host.ts";
import { BASE_DOMAIN, FORGE_HOST, INGRESS, type Paths } from "../host/paths.ts";
import type { Certificates } from "../traefik/tls.ts";
import { TRAEFIK_URL } from "../traefik/traefik.ts";
import { DASHBOARD_URL } from "./services.ts";

/** A running stack. */
export interface Stack {
  /** `CCCI_*` settings for the harness; also in `<state>/env.json`. */
  env: Record<string, string>;
  urls: { forge: string; dashboard: string };
  accounts: Record<AccountName, Account>;
  state: string;
  cache: string;
  paths: Paths;
  /** Address on which the stack's own services listen, for this machine only. */
  gateway: string;
  /** No `abra` is installed here, and the stand-in takes its place. */
  standInAbra: boolean;
  engineIsOurs: boolean;
}

/** What a stack is described by. */
export interface Facts {
  paths: Paths;
  gateway: string;
  /** This machine's address on docker_gwbridge. */
  bridged: string;
  certificates: Certificates;
  credentials: Credentials;
  /** A docker client that can show how it reads compose files. */
  composeClient: string;
  engineIsOurs: boolean;
  asHost: boolean;
}

/** What a stack comes to for whoever uses it, whichever parts of it run. */
export async function describeStack(
  { paths, gateway, bridged, certificates, credentials, composeClient, engineIsOurs, asHost }: Facts,
): Promise<Stack> {
  const { abra: found, standIn } = await findAbra(paths);
  const abra = standIn && paths.programs.form === "bundle" ? await withLibraries(found, paths) : found;
  const urls = { forge: `https://${FORGE_HOST}`, dashboard: DASHBOARD_URL };
  return {
    env: {
      CCCI_BASE_DOMAIN: BASE_DOMAIN,
      CCCI_INGRESS: INGRESS,
      CCCI_APP_INGRESS: bridged,
      CCCI_CA_FILE: certificates.ca,
      CCCI_FORGE_URL: urls.forge,
      CCCI_DASHBOARD_URL: urls.dashboard,
      CCCI_RUNNER_TOKEN_FILE: tokenFile(paths, "runner"),
      CCCI_RECIPES: join(paths.programs.folder, "recipes"),
      CCCI_RUNS: paths.runs,
      CCCI_ABRA: abra,
      CCCI_DOCKER: composeClient,
      CCCI_DENO: Deno.execPath(),
      // The recipe's proxy looks every 15 s, and shows nobody what it routes.
      ...(asHost ? {} : { CCCI_PROXY_REFRESH_S: "1", CCCI_TRAEFIK_API: TRAEFIK_URL }),
      CCCI_MIN_FREE_GB: "1",
      CCCI_REQUIRE_FLOOR: "0",
    },
    urls,
    accounts: credentials.accounts,
    state: paths.state,
    cache: paths.cache,
    paths,
    gateway,
    standInAbra: standIn,
    engineIsOurs,
  };
}

/** The abra that runs would use. */
export async function findAbra(paths: Paths): Promise<{ abra: string; standIn: boolean }> {
  const installed = await onPath("abra");
  return installed === undefined
    ? { abra: join(paths.repo, "local", "abra", "abra"), standIn: true }
    : { abra: installed, standIn: false };
}

/**
 * The stand-in for those who start it with a cache of Deno that holds no libraries: it is no program of ours that is
 * bundled, and takes its libraries from the checkout's.
 * @returns path of a program that starts it
 */
async function withLibraries(abra: string, { state, cache }: Paths): Promise<string> {
  const wrapper = join(state, "abra");
  const libraries = Deno.env.get("DENO_DIR") ?? join(cache, "deno-dir");
  const text = `#!/bin/sh\nexport DENO_DIR=${shellWord(libraries)}\nexec ${shellWord(abra)} "$@"\n`;
  await writeAtomically(wrapper, text, { mode: 0o755 });
  return wrapper;
}
