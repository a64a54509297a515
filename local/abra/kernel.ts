import { exec } from "../../common/exec.ts";

/**
 * Whether this kernel has IPVS, which Swarm's virtual service addresses need. `CCCI_IPVS=yes|no` decides it without
 * a look at the kernel.
 */
export async function hasIpvs(): Promise<boolean> {
  const decided = Deno.env.get("CCCI_IPVS");
  if (decided === "yes" || decided === "no") return decided === "yes";
  try {
    Deno.statSync("/proc/net/ip_vs");
    return true;
  } catch { /* perhaps a module that is not loaded yet */ }
  for (const modprobe of ["modprobe", "/sbin/modprobe", "/usr/sbin/modprobe"]) {
    try {
      return (await exec([modprobe, "--dry-run", "--quiet", "ip_vs"], { timeoutMs: 5_000 })).success;
    } catch { /* not under this name */ }
  }
  return false;
}
