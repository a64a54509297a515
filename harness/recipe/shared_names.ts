import { type Compose, objectName, workingDir } from "./compose.ts";
import { composeServices, type ServiceDefinition } from "./compose_services.ts";
import { entriesOf, isRecord, listOrMap, namesOf } from "./compose_values.ts";
import { readInside } from "./inside_checkout.ts";

/** The network that every app shares with the reverse proxy, and so with every other app. */
export const PROXY = "proxy";

/** Networks that a service joins: without any it is the one called "default". */
export function joinedNetworks({ networks }: ServiceDefinition): ReturnType<typeof namesOf> {
  const joined = namesOf(networks);
  return joined.length > 0 ? joined : [{ name: "default", at: "default", definition: null }];
}

/** Keys of `environment` whose values name no host, whatever they are. */
const NO_HOST = /(USER|USERNAME|NAME|DATABASE|DB|PASSWORD|SECRET|PREFIX|ROLE|MODE|TYPE|LEVEL)$/i;
const HOST = /HOST|SERVER|DOMAIN/i;
/** Characters that are looked through. */
const MAX_TEXT = 250_000;

/**
 * Services of a recipe that its own settings call by the bare key on the network that all apps share. There the key
 * stands for the service of every app of this recipe, so two of them side by side would speak to each other's. Where
 * there is too much to look through, all of those on that network count as called.
 * @param root real path of the recipe's folder, for the files of its configs
 */
export function calledOnProxy(compose: Compose, root: string): string[] {
  const networks = new Set([PROXY]);
  for (const [key, definition] of compose.files.flatMap(({ doc }) => entriesOf(doc.networks))) {
    if (objectName(definition, key) === PROXY) networks.add(key);
  }
  const services = composeServices(compose);
  const shared = Object.entries(services)
    .filter(([, service]) => joinedNetworks(service).some(({ name }) => networks.has(name)))
    .map(([name]) => name);
  if (shared.length === 0) return [];
  const values = Object.values(services).flatMap(valuesOf);
  const texts = [...Object.values(services).flatMap(commandsOf), ...values, ...configTexts(compose, root)];
  if (texts.reduce((sum, { length }) => sum + length, 0) > MAX_TEXT) return shared;
  return shared.filter((name) =>
    values.some((value) => value.split(/[\s,;|]+/).includes(name)) ||
    texts.some((text) => calls(text, name))
  );
}

/** Values of a service's environment that may name a host. */
function valuesOf({ environment }: ServiceDefinition): string[] {
  return listOrMap(environment)
    .filter(({ key }) => !NO_HOST.test(key) || HOST.test(key))
    .flatMap(({ value }) => value === null ? [] : [value]);
}

function commandsOf({ command, entrypoint, healthcheck }: ServiceDefinition): string[] {
  const test = isRecord(healthcheck) ? healthcheck.test : undefined;
  return [command, entrypoint, test].flatMap((words) =>
    typeof words === "string" ? [words] : Array.isArray(words) ? [words.map(String).join(" ")] : []
  );
}

function configTexts(compose: Compose, root: string): string[] {
  const folder = workingDir(compose, root);
  return compose.files.flatMap(({ doc }) => entriesOf(doc.configs)).flatMap(([, definition]) => {
    const file = isRecord(definition) ? definition.file : undefined;
    if (typeof file !== "string") return [];
    try {
      return [readInside(root, `${folder}/${file}`) ?? ""];
    } catch {
      return []; // a device, or a file that may not be read: confinement has its own word on it
    }
  });
}

/** Whether a text speaks to a host of this name: `db:5432`, `//db/`, `user@db`, `-h db`, `nc db 5432`. */
function calls(text: string, name: string): boolean {
  const host = name.replace(/[^A-Za-z0-9_-]/g, "\\$&");
  const end = `(?=[:/?#'"\`\\s;,)\\]}]|$)`;
  return [
    `(^|[^\\w.:/-])${host}:(\\d{1,5}\\b|\\$)`,
    `//([^\\s/@]*@)?${host}${end}`,
    `@${host}${end}`,
    `(^|\\s)(-h|-H|--?host(name)?|server|upstream|ping|nslookup|dig|hosts|\\w*_HOST)[ =]+["']?${host}${end}`,
    `(^|[\\s"'])${host}["']?[ ,]+["']?\\d{2,5}\\b`,
  ].some((pattern) => new RegExp(pattern, "m").test(text));
}
