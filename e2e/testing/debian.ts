import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { exists, removeTree } from "../../common/files.ts";
import { ensurePrograms } from "../../local/host/host.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";

const SUITE = "bookworm";
/** What a host has beside the smallest Debian, where nothing is tested on it. */
const PACKAGES = ["systemd-sysv", "ca-certificates", "curl", "containerd", "runc"];
/**
 * What docs/install.md wants from the distribution of a host that tests, with what its Docker needs. npm and golang are
 * left out: what they would fetch and build there is brought ready from here.
 */
export const HOST_PACKAGES = [
  ...PACKAGES,
  ...["git", "chromium-headless-shell", "libnss3-tools", "iptables", "iproute2", "openssl", "procps"],
  "dnsmasq-base", // of those around the host one says where names lead
];

const step = { update() {}, done() {}, fail() {} };

/**
 * A folder with a Debian that systemd can boot, made once and kept in the cache; whoever boots it writes elsewhere.
 * @throws when it has to be made, and this machine cannot
 */
export async function ensureDebian(packages: readonly string[] = PACKAGES): Promise<string> {
  const paths = pathsFromEnvironment();
  const folder = join(paths.cache, "machines", [SUITE, ...packages].join("+"));
  await ensurePrograms(["systemd-nspawn", "debootstrap", "ip"], { why: "a machine with systemd", step });
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  using held = await Deno.open(join(folder, "..", "lock"), { create: true, write: true });
  await held.lock(true);
  if (await exists(folder)) return folder;
  const draft = `${folder}.new`;
  await removeTree(draft);
  await Deno.mkdir(draft, { recursive: true });
  const include = `--include=${packages.join(",")}`;
  await execOk(["nice", "debootstrap", "--variant=minbase", include, SUITE, draft], { timeoutMs: 900_000 });
  for (const rest of ["var/cache/apt/archives", "var/lib/apt/lists"]) await removeTree(join(draft, rest));
  await Deno.rename(draft, folder);
  return folder;
}
