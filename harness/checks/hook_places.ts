import { posix } from "node:path";
import { type BackedUp, backupHooks } from "../recipe/backup_labels.ts";
import { calledScripts } from "../recipe/called_scripts.ts";
import { type Compose, volumesOf } from "../recipe/compose.ts";
import { composeServices } from "../recipe/compose_services.ts";
import type { SavedPlace } from "../swarm/backup_bot.ts";

/**
 * The places that a backup saves and that a hook before it names, in its command or in a script of the recipe that it
 * calls: what it makes lies at one of them. A hook that fails without a word leaves all of its places empty, whatever
 * else the backup holds.
 * @param of.parts what is saved
 * @param of.root path of the recipe's folder
 * @returns the places of each hook that names some
 */
export function placesOfHooks(
  { compose, stack, root, parts }: {
    compose: Compose;
    stack: string;
    root: string;
    parts: readonly BackedUp[];
  },
): SavedPlace[][] {
  const services = composeServices(compose);
  const volumes = volumesOf(compose, stack);
  return backupHooks(compose, "backup.pre").map(({ service: name, command }) => {
    const service = services[name] ?? {};
    const scripts = calledScripts(command, { service, compose, root });
    const text = [command, ...scripts.map((script) => script.text)].join("\n");
    return parts.flatMap(({ volume, paths }) => {
      const targets = volumes.filter((one) => one.service === name && one.name === volume.name)
        .map(({ target }) => target);
      return (paths ?? [""]).filter((path) => targets.some((target) => names(text, { path, target })))
        .map((path) => ({ volume: volume.name, path }));
    });
  }).filter((places) => places.length > 0);
}

/** Whether a text names a place by its path in the container, or by its path within the volume. */
function names(text: string, { path, target }: { path: string; target: string }): boolean {
  const ways = [posix.join(target, path), ...(path === "" ? [] : [path])];
  return ways.some((way) => new RegExp(`(?<![\\w./-])(?:\\./)?${RegExp.escape(way)}(?![\\w.-])`).test(text));
}
