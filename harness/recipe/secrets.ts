import type { Setting } from "../../common/env_file.ts";
import { entriesOf, isRecord, itemsOf } from "./compose_values.ts";
import { type Compose, isExternal, objectName } from "./compose.ts";

/** A secret that services of an app use and that has to be there before they are deployed. */
export interface NeededSecret {
  /** Its name in the compose files, by which people declare it. */
  key: string;
  /** Name and version, as abra wants them told. */
  name: string;
  version: string;
  /** Whether abra makes one up; false where the settings say `generate=false`. */
  generated: boolean;
}

/** The secrets that an app needs. @param settings of the app, with abra's modifiers */
export function neededSecrets(
  compose: Compose,
  { stack, settings }: { stack: string; settings: readonly Setting[] },
): NeededSecret[] {
  const used = new Set(
    compose.files.flatMap(({ doc }) => entriesOf(doc.services)).flatMap(([, service]) =>
      itemsOf(isRecord(service) ? service.secrets : undefined).map(([, one]) =>
        String(isRecord(one) ? one.source : one)
      )
    ),
  );
  const needed = new Map<string, NeededSecret>();
  for (const [key, definition] of compose.files.flatMap(({ doc }) => entriesOf(doc.secrets))) {
    if (!used.has(key) || !isExternal(definition)) continue;
    const full = objectName(definition, key) ?? key;
    const own = full.startsWith(`${stack}_`) ? full.slice(stack.length + 1) : full;
    const end = own.lastIndexOf("_");
    const variable = `SECRET_${key.toUpperCase().replaceAll("-", "_")}_VERSION`;
    const modifiers = settings.findLast(({ name }) => name === variable)?.modifiers ?? {};
    needed.set(key, {
      key,
      name: own.slice(0, Math.max(0, end)),
      version: own.slice(end + 1),
      generated: modifiers.generate !== "false",
    });
  }
  return [...needed.values()];
}
