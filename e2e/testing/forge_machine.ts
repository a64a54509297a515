import { dirname } from "node:path";
import * as z from "zod";
import { execOk } from "../../common/exec.ts";
import { waitFor } from "../../common/time.ts";
import { ensureGiteaProgram } from "../../local/gitea/gitea.ts";
import type { Paths } from "../../local/host/paths.ts";
import { silentProgress } from "../../local/host/progress.ts";
import { lockStack } from "../../local/stack/lock.ts";
import { curlIn } from "./curl_in.ts";
import { Machine } from "./machine.ts";

/** Where the forge is, and who else the names lead to. */
export interface ForgePlace {
  /** Its name, which its certificate is for. */
  name: string;
  address: string;
  /** Addresses by the domains that lead there, each with all below it. */
  domains: Record<string, string>;
  /** PEM files of its certificate, and of the authority that signed it. */
  certificate: { cert: string; key: string; ca: string };
}

const START = "/opt/gitea/gitea";
const CONFIG = "/etc/gitea.ini";
const config = (name: string, staticRoot: string | null) =>
  `RUN_MODE = prod
RUN_USER = root
WORK_PATH = /var/lib/gitea
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
PROTOCOL = https
HTTP_ADDR = 0.0.0.0
HTTP_PORT = 443
CERT_FILE = /etc/forge.pem
KEY_FILE = /etc/forge-key.pem
DOMAIN = ${name}
ROOT_URL = https://${name}/
${staticRoot === null ? "" : `STATIC_ROOT_PATH = ${staticRoot}\n`}DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = /var/lib/gitea/gitea.db
SQLITE_JOURNAL_MODE = WAL
[security]
INSTALL_LOCK = true
PASSWORD_HASH_ALGO = pbkdf2$1000$50
[service]
DISABLE_REGISTRATION = true
[webhook]
ALLOWED_HOST_LIST = *
[actions]
ENABLED = false
[indexer]
ISSUE_INDEXER_TYPE = db
[log]
LEVEL = Warn
`;

const token = z.object({ sha1: z.string() });

/** A machine with a real Gitea that speaks TLS, and with the DNS that all around it ask. */
export class ForgeMachine implements AsyncDisposable {
  readonly machine: Machine;
  readonly url: string;
  /** Passwords by the names of accounts. */
  readonly passwords = new Map<string, string>();

  private constructor(machine: Machine, name: string) {
    this.machine = machine;
    this.url = `https://${name}`;
  }

  static async open(
    { paths, root }: { paths: Paths; root: string },
    place: ForgePlace,
  ): Promise<ForgeMachine> {
    const { binary, staticRoot } = await giteaOf(paths);
    const machine = await Machine.boot({
      root,
      binds: staticRoot === undefined
        ? { "/opt/gitea": dirname(binary) }
        : { [START]: binary, "/opt/gitea-pages": staticRoot },
    });
    try {
      const forge = new ForgeMachine(machine, place.name);
      await trust(machine, place.certificate.ca);
      await answerNames(machine, place);
      await machine.write("/etc/forge.pem", await Deno.readTextFile(place.certificate.cert));
      await machine.write("/etc/forge-key.pem", await Deno.readTextFile(place.certificate.key), 0o600);
      await machine.write(CONFIG, config(place.name, staticRoot === undefined ? null : "/opt/gitea-pages"));
      return forge;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }

  /** Starts Gitea with its first account, `root-admin`. */
  async start(): Promise<void> {
    const env = { PATH: "/usr/bin:/bin", HOME: "/root", USER: "root" };
    const gitea = async (...args: string[]) => {
      const ended = await this.machine.try([START, "--config", CONFIG, ...args], { env });
      if (!ended.success) {
        throw new Error(`Gitea could not ${args.slice(0, 3).join(" ")}: ${ended.stdout}${ended.stderr}`);
      }
    };
    await gitea("migrate");
    const account = ["--username", "root-admin", "--password", this.#password("root-admin")];
    await gitea(
      ...["admin", "user", "create", "--admin", ...account],
      ...["--email", "root-admin@example.org", "--must-change-password=false"],
    );
    await this.machine.run(
      ...["systemd-run", "--quiet", "--unit=gitea", "--setenv=HOME=/root", "--setenv=USER=root"],
      ...[START, "--config", CONFIG, "web"],
    );
    const fetch = curlIn(this.machine);
    await waitFor(() => fetch(`${this.url}/api/healthz`).then(({ status }) => status === 200, () => false), {
      what: "the forge to answer",
      timeoutMs: 120_000,
      everyMs: 100,
    });
  }

  /** Makes an account that may log in. */
  async account(name: string): Promise<void> {
    await this.as("root-admin", "POST", "/admin/users", {
      username: name,
      password: this.#password(name),
      email: `${name}@example.org`,
      must_change_password: false,
    });
  }

  /** Calls the forge as somebody. @throws unless it does what it is asked for */
  async as(
    who: string,
    method: "GET" | "POST" | "PUT",
    path: string,
    body?: Record<string, unknown>,
  ): Promise<unknown> {
    const answer = await curlIn(this.machine)(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${who}:${this.passwords.get(who)}`)}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} as ${who}: ${answer.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** A token of an account with these scopes. */
  async token(who: string, scopes: readonly string[]): Promise<string> {
    return token.parse(await this.as(who, "POST", `/users/${who}/tokens`, { name: "cc-ci", scopes })).sha1;
  }

  /** Pushes a repository of this machine to a new one, `owner/name`, of an organisation. */
  async publish(folder: string, repo: string, { by, refs }: { by: string; refs: string[] }): Promise<void> {
    const [org, name = ""] = repo.split("/");
    await this.as(by, "POST", `/orgs/${org}/repos`, { name, auto_init: false, default_branch: "main" });
    const there = `/root/${name}`;
    await execOk(["cp", "--recursive", folder, this.machine.path(there)]);
    const url = new URL(`${this.url}/${repo}.git`);
    url.username = by;
    url.password = this.passwords.get(by) ?? "";
    await this.machine.run("git", "-C", there, "push", "--quiet", url.href, ...refs);
  }

  #password(name: string): string {
    const password = this.passwords.get(name) ?? crypto.randomUUID();
    this.passwords.set(name, password);
    return password;
  }
}

/** Lets everything on a machine trust an authority, as an operator does who has one. */
export async function trust(machine: Machine, ca: string): Promise<void> {
  await machine.write("/usr/local/share/ca-certificates/test.crt", await Deno.readTextFile(ca));
  await machine.run("update-ca-certificates");
}

async function answerNames(machine: Machine, { name, address, domains }: ForgePlace): Promise<void> {
  await machine.run(
    ...["systemd-run", "--quiet", "--unit=names", "--property=Restart=always", "--property=RestartSec=100ms"],
    ...["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--user=root"],
    ...Object.entries({ ...domains, [name]: address }).map(([domain, to]) => `--address=/${domain}/${to}`),
  );
  await machine.write("/etc/resolv.conf", "nameserver 127.0.0.1\n");
}

/** Gitea itself, which is built when it is not there: by one at a time, while a stack may be starting. */
async function giteaOf(paths: Paths) {
  const context = { paths, progress: silentProgress, signal: new AbortController().signal };
  using _lock = await lockStack(paths, context);
  return await ensureGiteaProgram(context);
}
