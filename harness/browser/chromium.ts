import { join } from "node:path";
import { httpAddress, splitAddress } from "../../common/ingress.ts";
import { exec, execOk, FAMILY, familyMark, killGroup } from "../../common/exec.ts";
import { BROWSER_FOLDERS, browserPrefix } from "../run/folder.ts";
import { describeError } from "../../common/errors.ts";
import { systemClock, waitFor } from "../../common/time.ts";
import { watchMemory } from "./memory_watch.ts";
import { BrowserError, type BrowserOptions } from "./types.ts";

/** A running Chromium to which nobody is connected yet. */
export interface Chromium {
  /** Address of its DevTools socket. */
  endpoint: string;
  sandbox: boolean;
  /** Holds its HOME, profile and temporary files. */
  folder: string;
  /** Kills all its processes and removes the folder. */
  stop(): Promise<void>;
}

/** Milliseconds for a start: a busy machine takes long. */
const START_MS = 60_000;

/** User and group "nobody", as whom Chromium runs where the harness is root. */
const NOBODY = 65534;

/**
 * What each process of Chromium may have: size of a file in bytes, processor time in seconds. Its memory is watched.
 */
const limits = ["--fsize=268435456", "--cpu=900", "--core=0"];

/**
 * Chromium knows no way to log in. It would wait for somebody who answers its question for a name and a password, with
 * the page, and it would then show an error page of its own in place of the app's answer 401.
 */
const PREFERENCES = { auth: { schemes: "none" } };

/**
 * The command that becomes Chromium. Its headless shell is the same engine without the windows of a desktop: it starts
 * with a quarter of the processor time. Where it is not installed, Chromium itself does.
 */
export const chromium = [
  "/bin/sh",
  "-c",
  'exec "$(command -v chromium-headless-shell || echo chromium)" "$@"',
  "sh",
];

/** Flags that turn off what Chromium does on the network by itself, and what it does not need here. */
const quietFlags = [
  "--headless=new",
  "--no-first-run",
  "--no-default-browser-check",
  "--no-proxy-server",
  "--no-pings",
  "--disable-auto-reload", // Chromium would load a failed page again by itself while we read it
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
  // Containers that come and go change this host's addresses. Chromium then drops all requests on HTTP/2 connections
  // with ERR_NETWORK_CHANGED, but leaves HTTP/1.1 connections that are in use alone.
  "--disable-http2",
  "--disable-quic",
  "--disable-renderer-backgrounding",
  "--disable-search-engine-choice-screen",
  "--disable-sync",
  "--disable-features=Translate,MediaRouter,DialMediaRouteProvider,OptimizationHints,AutofillServerCommunication," +
  "CertificateTransparencyComponentUpdater,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable",
  "--deny-permission-prompts",
  "--force-color-profile=srgb",
  // The first is read by Chromium, the second by its headless shell.
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--hide-scrollbars",
  "--metrics-recording-only",
  "--mute-audio",
  "--password-store=basic",
  "--window-size=1280,800",
  "--remote-debugging-port=0",
];

/**
 * Starts Chromium as an unprivileged user with a HOME of its own that is removed afterwards. It can connect to the
 * ingress under the names of the run and to nothing else. Chromium's own sandbox is left out only where the kernel does
 * not let an unprivileged user have namespaces, which is asked before: a start may fail for many reasons, and a page
 * could bring one about.
 * @throws {BrowserError} `browser.missing` or `browser.start`
 */
export async function startChromium(options: BrowserOptions): Promise<Chromium> {
  const mark = options.family === undefined ? familyMark() : { [FAMILY]: options.family };
  const folder = await makeFolder(mark[FAMILY] ?? "");
  const env = environment(folder, mark);
  try {
    const command = [
      "prlimit",
      ...limits,
      "--",
      ...asNobody(options.executable === undefined ? chromium : [options.executable]),
    ];
    if (options.ca !== undefined) await trust(options.ca, { folder, env });
    const sandbox = await (options.namespaces ?? givesNamespaces)();
    return { ...await launch({ command, folder, env, sandbox, options }), folder, sandbox };
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

/** Whether the kernel lets the user as whom Chromium runs have the namespaces of which it makes its sandbox. */
async function givesNamespaces(): Promise<boolean> {
  const asked = asNobody(["unshare", "--user", "--pid", "--net", "--fork", "--", "true"]);
  return (await exec(asked, { timeoutMs: START_MS })).success;
}

/** The command as user "nobody" where we are root. In any case the kernel kills it when this process dies. */
function asNobody(command: string[]): string[] {
  const drop = Deno.uid() === 0 ? [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  return ["setpriv", "--pdeathsig", "KILL", ...drop, "--", ...command];
}

/**
 * Makes a folder that "nobody" owns. It does not lie in the run's folder, because that may be in somebody's closed
 * home, and because Chromium's sockets do not work below a path of more than some 60 characters. Its name holds the
 * run's name, so that whoever cleans up after the run finds it.
 */
async function makeFolder(run: string): Promise<string> {
  const root = Deno.uid() === 0;
  const folder = await Deno.makeTempDir({ dir: BROWSER_FOLDERS, prefix: browserPrefix(run) });
  for (const part of ["", "home", "profile", "tmp"]) {
    const path = join(folder, part);
    if (part !== "") await Deno.mkdir(path, { mode: 0o700 });
    if (root) await Deno.chown(path, NOBODY, NOBODY);
  }
  const preferences = join(folder, "profile", "Local State");
  await Deno.writeTextFile(preferences, JSON.stringify(PREFERENCES));
  if (root) await Deno.chown(preferences, NOBODY, NOBODY);
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

/** Makes Chromium trust the CA, by entering it into the NSS database of Chromium's HOME. */
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

interface Launch {
  command: string[];
  folder: string;
  env: Record<string, string>;
  sandbox: boolean;
  options: BrowserOptions;
}

/** @throws {BrowserError} with what it printed, if it ended or was not ready in time */
async function launch(
  { command, folder, env, sandbox, options }: Launch,
): Promise<Pick<Chromium, "endpoint" | "stop">> {
  const profile = join(folder, "profile");
  const [program = "", ...rest] = command;
  const portFile = join(profile, "DevToolsActivePort");
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
  const watch = watchMemory(child.pid, options.memory);
  const end = async () => {
    await watch[Symbol.asyncDispose]();
    await killGroup(child.pid, "KILL");
    await status;
    await said.done;
  };
  const timeoutMs = options.timeoutMs ?? START_MS;
  try {
    const endpoint = await waitFor(
      async () => ended === undefined ? await readEndpoint(portFile) : "ended" as const,
      { what: "Chromium to open its DevTools port", timeoutMs, everyMs: 20, clock: systemClock },
    );
    if (endpoint !== "ended") {
      return {
        endpoint,
        async stop() {
          await end();
          await remove(folder);
        },
      };
    }
  } catch (error) {
    await end();
    throw notStarted(`${describeError(error)}; ${said.text()}`);
  }
  await end();
  if (ended?.code === 127) {
    throw new BrowserError(
      "browser.missing",
      `Could not find ${options.executable === undefined ? "Chromium" : `"${options.executable}"`}`,
      {
        cause: new Error(said.text()),
        hint: "Install Chromium (Debian: chromium-headless-shell, or chromium)",
      },
    );
  }
  throw notStarted(said.text());
}

function notStarted(said: string): BrowserError {
  return new BrowserError("browser.start", "Could not start Chromium", { cause: new Error(said) });
}

/**
 * Chromium uses the first rule that fits: the two ports that the proxy serves lead to it under the run's names, and
 * everything else, addresses and other ports of these names too, leads nowhere, as it does for visitors.
 */
function resolverRules({ domains, ingress, ingressHttp }: BrowserOptions): string {
  const http = httpAddress({ INGRESS: ingress, INGRESS_HTTP: ingressHttp });
  const doors = [[443, ingress], [80, http]] as const;
  for (const domain of domains) {
    if (/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(domain)) continue;
    throw new BrowserError("browser.start", `Could not let the browser reach "${domain}": no domain name`);
  }
  const ways = domains.flatMap((domain) =>
    doors.map(([port, address]) => `MAP ${domain}:${port} ${bracketed(address)}`)
  );
  return [...ways, "MAP * ~NOTFOUND"].join(", ");
}

/** The address with brackets around an IPv6 host, which Chromium needs. */
function bracketed(address: string): string {
  const [host, port] = splitAddress(address);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
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

/** Keeps the end of what a stream says. */
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
