import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { exists, removeTree } from "../../common/files.ts";
import { ensurePrograms } from "../../local/host/host.ts";
import { pathsFromEnvironment } from "../../local/host/paths.ts";

const SUITE = "bookworm";
/** What a host has beside the smallest Debian. */
const PACKAGES = ["systemd-sysv", "ca-certificates", "curl", "containerd", "runc"];

const step = { update() {}, done() {}, fail() {} };

/**
 * A folder with a Debian that systemd can boot, made once and kept in the cache; whoever boots it writes elsewhere.
 * @throws when it has to be made, and this machine cannot
 */
export async function ensureDebian(): Promise<string> {
  const paths = pathsFromEnvironment();
  const folder = join(paths.cache, "machines", [SUITE, ...PACKAGES].join("+"));
  await ensurePrograms(["systemd-nspawn", "debootstrap", "ip"], { why: "a machine with systemd", step });
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  using held = await Deno.open(join(folder, "..", "lock"), { create: true, write: true });
  await held.lock(true);
  if (await exists(folder)) return folder;
  const draft = `${folder}.new`;
  await removeTree(draft);
  await Deno.mkdir(draft, { recursive: true });
  const include = `--include=${PACKAGES.join(",")}`;
  await execOk(["nice", "debootstrap", "--variant=minbase", include, SUITE, draft], { timeoutMs: 900_000 });
  for (const rest of ["var/cache/apt/archives", "var/lib/apt/lists"]) await removeTree(join(draft, rest));
  await Deno.rename(draft, folder);
  return folder;
}
