import { join } from "node:path";
import { splitAddress } from "../../common/ingress.ts";
import { execOk, FAMILY, familyMark, killGroup } from "../../common/exec.ts";
import { BROWSER_FOLDERS, browserPrefix } from "../run/folder.ts";
import { describeError } from "../../common/errors.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { BrowserError, type BrowserOptions } from "./types.ts";

/** A running Chromium, before anybody talks to it. */
export interface Chromium {
  /** Address of its DevTools socket. */
  endpoint: string;
  sandbox: boolean;
  /** Holds its HOME, profile and temporary files. */
  folder: string;
  /** Ends every process of it and removes the folder. */
  stop(): Promise<void>;
}

/** A busy machine takes its time to start it, and must not lose its sandbox by that. */
const START_MS = 60_000;

/** User and group "nobody": what Chromium runs as where the harness is root. */
const NOBODY = 65534;

/** What Chromium would do on the network by itself, and what it does not need here. */
const quietFlags = [
  "--headless=new",
  "--no-first-run",
  "--no-default-browser-check",
  "--no-proxy-server",
  "--no-pings",
  "--disable-auto-reload", // of a page that could not be loaded; it would come between a page and its readers
  "--disable-background-networking",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-breakpad",
  "--disable-client-side-phishing-detection",
  "--disable-component-update",
  "--disable-crash-reporter",
  "--disable-default-apps",
  "--disable-dev-shm-usage",
  "--disable-domain-reliability",
  "--disable-extensions",
  "--disable-gpu",
  // Containers that come and go change this host's addresses, and Chromium then drops whatever is under way on an
  // HTTP/2 connection with ERR_NETWORK_CHANGED; HTTP/1.1 connections in use it leaves alone.
  "--disable-http2",
  "--disable-quic",
  "--disable-renderer-backgrounding",
  "--disable-search-engine-choice-screen",
  "--disable-sync",
  "--disable-features=Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,AutofillServerCommunication," +
  "CertificateTransparencyComponentUpdater,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
  "--deny-permission-prompts",
  "--force-color-profile=srgb",
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--hide-scrollbars",
  "--metrics-recording-only",
  "--mute-audio",
  "--password-store=basic",
  "--window-size=1280,800",
  "--remote-debugging-port=0",
];

/**
 * Starts Chromium as an unprivileged user with a HOME of its own that is thrown away. It can connect to the ingress
 * under the names of the run and to nothing else. Its own sandbox is tried first; where the kernel does not let an
 * unprivileged user have namespaces, it runs without.
 * @throws {BrowserError} `browser.missing` or `browser.start`
 */
export async function startChromium(options: BrowserOptions): Promise<Chromium> {
  const mark = options.family === undefined ? familyMark() : { [FAMILY]: options.family };
  const folder = await makeFolder(mark[FAMILY] ?? "");
  const env = environment(folder, mark);
  try {
    const command = asNobody([options.executable ?? "chromium"]);
    if (options.ca !== undefined) await trust(options.ca, { folder, env });
    for (const sandbox of [true, false]) {
      const started = await attempt({ command, folder, env, sandbox, options });
      if (typeof started !== "string") return { ...started, folder, sandbox };
      if (!sandbox) {
        throw new BrowserError("browser.start", "Could not start Chromium", { cause: new Error(started) });
      }
    }
    throw new BrowserError("browser.start", "Could not start Chromium");
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

/** The command as "nobody" where we are root; in any case it dies with this process. */
function asNobody(command: string[]): string[] {
  const drop = Deno.uid() === 0 ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  return ["setpriv", "--pdeathsig", "KILL", ...drop, "--", ...command];
}

/**
 * A folder that "nobody" may enter and own. Not in the run's: that may lie in somebody's closed home, and Chromium's
 * sockets do not start below a path of more than some 60 characters. Its name leads back to the run.
 */
async function makeFolder(run: string): Promise<string> {
  const root = Deno.uid() === 0;
  const folder = await Deno.makeTempDir({ dir: BROWSER_FOLDERS, prefix: browserPrefix(run) });
  for (const part of ["", "home", "profile", "tmp"]) {
    const path = join(folder, part);
    if (part !== "") await Deno.mkdir(path, { mode: 0o700 });
    if (root) await Deno.chown(path, NOBODY, NOBODY);
  }
  return folder;
}

function environment(folder: string, mark: Record<string, string>): Record<string, string> {
  const home = join(folder, "home");
  return {
    ...mark,
    HOME: home,
    PATH: Deno.env.get("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
    TMPDIR: join(folder, "tmp"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_CACHE_HOME: join(home, ".cache"),
    LANG: "C.UTF-8",
    TZ: "UTC",
  };
}

/** Chromium trusts what stands in the NSS database of its HOME. */
async function trust(ca: string, at: { folder: string; env: Record<string, string> }): Promise<void> {
  const { folder, env } = at;
  const copy = join(folder, "home", "ca.pem");
  try {
    await Deno.writeFile(copy, await Deno.readFile(ca), { mode: 0o644 });
  } catch (cause) {
    throw new BrowserError("browser.start", `Could not read the CA file "${ca}"`, { cause });
  }
  const database = join(folder, "home", ".pki", "nssdb");
  const script = 'mkdir -p "$DB" && certutil -d "sql:$DB" -N --empty-password && ' +
    'certutil -d "sql:$DB" -A -n cc-ci -t C,, -i "$CA"';
  try {
    await execOk(asNobody(["sh", "-c", script]), {
      clearEnv: true,
      env: { ...env, DB: database, CA: copy },
      cwd: folder,
      timeoutMs: START_MS,
    });
  } catch (cause) {
    const missing = describeError(cause).includes("not found");
    throw new BrowserError("browser.start", "Could not make Chromium trust the CA", {
      cause,
      ...(missing ? { hint: "Install certutil (Debian: libnss3-tools)" } : {}),
    });
  }
}

interface Attempt {
  command: string[];
  folder: string;
  env: Record<string, string>;
  sandbox: boolean;
  options: BrowserOptions;
}

/** One start; what Chromium said on the way out if it did not stay. */
async function attempt(
  { command, folder, env, sandbox, options }: Attempt,
): Promise<{ endpoint: string; stop: () => Promise<void> } | string> {
  const profile = join(folder, "profile");
  const [program = "", ...rest] = command;
  const portFile = join(profile, "DevToolsActivePort");
  await Deno.remove(portFile).catch(() => {});
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args: [
        ...rest,
        ...quietFlags,
        `--user-data-dir=${profile}`,
        `--host-resolver-rules=${resolverRules(options)}`,
        ...(sandbox ? [] : ["--no-sandbox"]),
        "about:blank",
      ],
      env,
      clearEnv: true,
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (cause) {
    throw new BrowserError("browser.missing", `Could not start "${program}"`, { cause });
  }
  const said = keepEnd(child.stderr);
  let ended: Deno.CommandStatus | undefined;
  const status = child.status.then((value) => ended = value);
  const stop = async () => {
    await killGroup(child.pid, "KILL");
    await status;
    await said.done;
    await remove(folder);
  };
  const timeoutMs = options.timeoutMs ?? START_MS;
  try {
    const endpoint = await waitFor(
      async () => ended === undefined ? await readEndpoint(portFile) : "ended" as const,
      { what: "Chromium to open its DevTools port", timeoutMs, everyMs: 20, clock: systemClock },
    );
    if (endpoint !== "ended") return { endpoint, stop };
  } catch (error) {
    await killGroup(child.pid, "KILL");
    await status;
    await said.done;
    return `${describeError(error)}; ${said.text()}`;
  }
  await killGroup(child.pid, "KILL");
  await said.done;
  if (ended?.code === 127) {
    throw new BrowserError("browser.missing", `Could not find "${options.executable ?? "chromium"}"`, {
      cause: new Error(said.text()),
      hint: "Install Chromium (Debian: chromium)",
    });
  }
  return said.text();
}

/** First rule that fits wins: the run's names lead to the ingress, everything else (addresses too) nowhere. */
function resolverRules({ domains, ingress }: BrowserOptions): string {
  const [host, port] = splitAddress(ingress);
  const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  for (const domain of domains) {
    if (/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(domain)) continue;
    throw new BrowserError("browser.start", `Could not let the browser reach "${domain}": no domain name`);
  }
  return [...domains.map((domain) => `MAP ${domain} ${target}`), "MAP * ~NOTFOUND"].join(", ");
}

async function readEndpoint(portFile: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(portFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [port, path] = text.split("\n");
  return path === undefined || path === "" ? undefined : `ws://127.0.0.1:${port}${path}`;
}

/** The end of what a stream said. */
function keepEnd(stream: ReadableStream<Uint8Array>): { text: () => string; done: Promise<void> } {
  let kept = "";
  const done = (async () => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) kept = (kept + chunk).slice(-4000);
  })().catch(() => {});
  return { text: () => kept.trim().split("\n").slice(-4).join("\n"), done };
}

async function remove(folder: string): Promise<void> {
  await waitFor(async () => {
    try {
      await Deno.remove(folder, { recursive: true });
      return true;
    } catch (error) {
      // A dying process may still write into it.
      return error instanceof Deno.errors.NotFound;
    }
  }, { what: `the folder "${folder}" to go`, timeoutMs: 60_000, everyMs: 50 });
}
