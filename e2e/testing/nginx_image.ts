import { join } from "node:path";
import { execOk } from "../../common/exec.ts";
import { SOURCES } from "../../local/images/catalogue.ts";
import { ensureDebian } from "./debian.ts";

/** What an image has no use for. */
const LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/dpkg", "var/log/*", "boot"];

/**
 * The image that the recipe custom-html names, as a file that `docker import` reads: made of Debian's packages without
 * any engine, laid out like the one that the local stack makes.
 */
export async function nginxImage(folder: string): Promise<{ tag: string; tar: string; changes: string[] }> {
  const root = await ensureDebian(["nginx-light", "curl"]);
  const extra = join(folder, "nginx");
  await Deno.mkdir(join(extra, "etc/nginx/conf.d"), { recursive: true });
  await Deno.mkdir(join(extra, "var/log/nginx"), { recursive: true });
  await Deno.copyFile(
    join(SOURCES, "nginx", "default.conf"),
    join(extra, "etc/nginx/conf.d/default.conf"),
  );
  for (const [log, stream] of [["access", "stdout"], ["error", "stderr"]]) {
    await Deno.symlink(`/dev/${stream}`, join(extra, `var/log/nginx/${log}.log`));
  }
  const tar = join(folder, "nginx.tar");
  const without = [...LEFT_OUT, "etc/nginx/sites-enabled/default"].map((path) => `--exclude=./${path}`);
  await execOk(["tar", "--numeric-owner", ...without, "-C", root, "-cf", tar, "."], { timeoutMs: 300_000 });
  // Docker takes no name twice, not even a folder's.
  await execOk(["tar", "-C", extra, "-rf", tar, "./etc/nginx/conf.d/default.conf", "./var/log/nginx"]);
  return {
    tag: "nginx:1.22.1",
    tar,
    changes: ["EXPOSE 80", "STOPSIGNAL SIGQUIT", 'CMD ["nginx", "-g", "daemon off;"]'],
  };
}
