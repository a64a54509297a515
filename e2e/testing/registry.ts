import { join } from "node:path";
import { runCommandOk } from "../../common/command.ts";
import { freePort } from "../../common/testing/free_port.ts";
import { waitFor } from "../../common/time.ts";
import { ensurePrograms } from "../../local/host/host.ts";
import { silentProgress } from "../../local/host/progress.ts";
import type { Blob, TinyImage } from "./tiny_image.ts";

/** Who may pull from a registry with a log-in. The second half is what `htpasswd -B` makes of the password. */
export const USER = { name: "tester", password: "log-in of the tests" };
const HTPASSWD = `${USER.name}:$2b$05$abcdefghijklmnopqrstuud.Um7tVmpGPw0Hectiv8IVAmelWsIhS\n`;

export interface RegistryOptions {
  /** Folder for all that it writes. */
  folder: string;
  /** Wants the log-in of {@linkcode USER}. */
  login?: boolean;
  /** `host:port` of the registry that it fetches from what it lacks. */
  mirrors?: string;
  /** Address at which it speaks TLS by a certificate that nobody knows. */
  tlsAt?: string;
}

/** A registry of Debian's package docker-registry, on a port of its own. */
export class Registry implements AsyncDisposable {
  /** `host:port`, as images name it. */
  readonly host: string;
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;

  private constructor(host: string, { child, folder }: { child: Deno.ChildProcess; folder: string }) {
    this.host = host;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(options: RegistryOptions): Promise<Registry> {
    const { tlsAt, login, mirrors } = options;
    await ensurePrograms(["docker-registry"], {
      why: "tests of pulls",
      step: silentProgress.step("registry"),
    });
    const folder = await Deno.makeTempDir({ dir: options.folder, prefix: "registry-" });
    const address = tlsAt ?? "127.0.0.1";
    const host = `${address}:${freePort(address)}`;
    const settings: Record<string, unknown> = {
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(folder, "data") } },
      http: { addr: host, ...(tlsAt === undefined ? {} : { tls: await certificate(folder, tlsAt) }) },
    };
    if (mirrors !== undefined) settings.proxy = { remoteurl: `http://${mirrors}` };
    if (login === true) {
      const path = join(folder, "htpasswd");
      await Deno.writeTextFile(path, HTPASSWD);
      settings.auth = { htpasswd: { realm: "tests", path } };
    }
    const file = join(folder, "config.yml");
    await Deno.writeTextFile(file, JSON.stringify(settings));
    const child = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "KILL", "--", "docker-registry", "serve", file],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const registry = new Registry(host, { child, folder });
    await waitFor(() => listens(host), { what: "the registry", timeoutMs: 30_000, everyMs: 50 });
    return registry;
  }

  /** Stores an image under a name with a tag, and what else the manifest leads to. */
  async push(name: string, pushed: { image: TinyImage; as?: Blob & { type: string } }): Promise<void> {
    const [repository = "", tag = "latest"] = name.split(":");
    const { image, as = image.manifest } = pushed;
    for (const content of [image.layer, image.config]) {
      const begun = await this.#ask(`${repository}/blobs/uploads/`, { method: "POST" });
      const location = new URL(begun.headers.get("location") ?? "", `http://${this.host}`);
      location.searchParams.set("digest", content.digest);
      await this.#ask(location, { method: "PUT", body: content.bytes });
    }
    for (const [at, { bytes, type }] of [[image.manifest.digest, image.manifest], [tag, as]] as const) {
      await this.#ask(`${repository}/manifests/${at}`, {
        method: "PUT",
        body: bytes,
        headers: { "content-type": type },
      });
    }
  }

  async #ask(path: string | URL, init: RequestInit): Promise<Response> {
    const url = path instanceof URL ? path : `http://${this.host}/v2/${path}`;
    const headers = new Headers(init.headers);
    headers.set("authorization", `Basic ${btoa(`${USER.name}:${USER.password}`)}`);
    const answer = await fetch(url, { ...init, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The registry refuses ${init.method} ${url}: ${answer.status} ${text}`);
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

async function listens(host: string): Promise<boolean> {
  const [hostname = "", port] = host.split(":");
  try {
    (await Deno.connect({ hostname, port: Number(port) })).close();
    return true;
  } catch {
    return false;
  }
}

async function certificate(folder: string, address: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=registry", "-addext", `subjectAltName=IP:${address}`];
  const made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate];
  await runCommandOk(["openssl", "req", ...made, ...subject]);
  return { certificate, key };
}
