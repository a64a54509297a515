import { engineConfiguration, floorTrouble } from "../floor/engine.ts";
import { appLimits } from "../floor/limits.ts";
import { formatBytes } from "../../common/bytes.ts";
import type { Settings } from "../run/settings.ts";
import { Swarm } from "../swarm/swarm.ts";

/**
 * Says what an app may use on this host, and how the host's engine gets the floor where it lacks it.
 * @returns exit code: 1 where it does
 */
export async function floor(settings: Settings, say: (text: string) => void): Promise<number> {
  const trouble = await floorTrouble(new Swarm(settings.DOCKER_SOCKET));
  if (trouble === null) {
    const { memoryBytes, diskBytes, processes, cpus } = appLimits({}, settings);
    say(
      `The Docker Engine has the floor. An app whose recipe.yml asks for nothing may use ${
        formatBytes(memoryBytes)
      } ` +
        `of memory and ${formatBytes(diskBytes)} of disk, each container ${processes} processes ` +
        `and the time of ${
          cpus.toFixed(1)
        } processors. It speaks to its own containers, names and the internet only\n`,
    );
    return 0;
  }
  say(
    `${trouble}.\nPut this into /etc/docker/daemon.json, beside what is there, and restart Docker:\n` +
      `${JSON.stringify(engineConfiguration(), null, 2)}\n` +
      "deno and runc have to be on the PATH of dockerd, or named to it by CCCI_DENO and CCCI_RUNC; " +
      "iptables-restore, ip6tables-restore, ip, nsenter, unshare and flock have to be there, too\n",
  );
  return 1;
}
