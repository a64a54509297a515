import { posix, resolve } from "node:path";
import { type Compose, workingDir } from "./compose.ts";
import { asMap } from "./compose_services.ts";
import { isRecord, itemsOf } from "./compose_values.ts";
import { readInside } from "./inside_checkout.ts";

/** A script that a command calls, and that the recipe puts into the container by a config. */
export interface CalledScript {
  /** The config's key. */
  source: string;
  /** Where the container has it. */
  target: string;
  /** The recipe's file. */
  path: string;
  text: string;
}

/**
 * The scripts of the recipe that a command calls in a service's container.
 * @param at.service the service's definition
 * @param at.root real path of the recipe's folder
 */
export function calledScripts(
  command: string,
  at: { service: Record<string, unknown>; compose: Compose; root: string },
): CalledScript[] {
  const { service, compose, root } = at;
  const definitions = Object.assign({}, ...compose.files.map(({ doc }) => asMap(doc.configs)));
  const words = command.split(/[\s"';&|()]+/);
  return itemsOf(service.configs).flatMap(([, config]) => {
    const source = String(isRecord(config) ? config.source : config);
    const target = posix.resolve("/", isRecord(config) ? String(config.target ?? source) : source);
    const { file } = asMap(definitions[source]);
    if (!words.includes(target) || typeof file !== "string") return [];
    const path = resolve(workingDir(compose, root), file);
    return [{ source, target, path, text: readInside(root, path) ?? "" }];
  });
}
