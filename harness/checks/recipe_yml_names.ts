import { meantAs } from "../../common/spelling.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { COMMANDS } from "../../enrolment/values_schema.ts";
import { ownSettings } from "../app/settings.ts";
import { lackOf } from "../app/post_commands.ts";
import { servicesOf, volumesOf } from "../recipe/compose.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import type { ReadVersion } from "./recipe_yml_use.ts";

/** Something of a recipe that a key of `recipe.yml` names. */
interface Named {
  /** The key: `ready.0.service`. */
  path: string;
  name: string;
}

/**
 * What a `recipe.yml` names that the recipe does not have, each as a sentence: services, volumes, and functions of
 * `abra.sh`. A deploy would show it too, some minutes later. The commit under test has to have each; what is for the
 * published version alone is looked for in those that were read.
 */
export function wrongNames(
  enrolment: Enrolment,
  { versions, app: { domain, stack } }: {
    versions: readonly ReadVersion[];
    app: { domain: string; stack: string };
  },
): string[] {
  const { ready, data, files, backup, skip } = enrolment;
  const of = (at: ReadVersion["at"]) => versions.filter((one) => one.at === at);
  const head = of("head");
  const services = (at: ReadVersion["at"]) => of(at).flatMap(({ compose }) => servicesOf(compose));
  const volumes = head.flatMap(({ compose }) => volumesOf(compose, stack).map(({ key }) => key));
  const conditions = (isOfBase: boolean) =>
    ready.flatMap(({ service: name, only }, at): Named[] =>
      name === undefined || (only === "base") !== isOfBase ? [] : [{ path: `ready.${at}.service`, name }]
    );
  const commands = Object.entries(data).flatMap(([key, list]) =>
    list.map(({ service }, at): Named => ({ path: `data.${key}.${at}.service`, name: service }))
  );
  const filled = files.map(({ volume }, at): Named => ({ path: `files.${at}.volume`, name: volume }));
  const saved = skip.some(({ stage }) => stage === "backup") ? [] : backup.expect.map((said, at): Named => ({
    path: `backup.expect.${at}`,
    name: said.split("/")[0] ?? "",
  }));
  return [
    ...unknown([...conditions(false), ...commands], { what: "service", known: services("head") }),
    ...(of("base").length === 0 ? [] : unknown(conditions(true), {
      what: "service",
      known: services("base"),
    })),
    ...unknown([...filled, ...saved], { what: "volume", known: volumes }),
    ...head.flatMap((version) => wrongCommands(enrolment, { ...version, domain })),
  ];
}

/** What the version under test lacks of the functions and services in whose containers `recipe.yml` runs them. */
function wrongCommands(enrolment: Enrolment, version: ReadVersion & { domain: string }): string[] {
  const { root, compose } = version;
  const callable = { abraSh: readInside(root, "abra.sh") ?? "", services: servicesOf(compose) };
  const settings = Object.entries(ownSettings(enrolment, version)).filter(([name]) => COMMANDS.test(name));
  const named = [
    ...enrolment.after_deploy.map((said, at) => ({ path: `after_deploy.${at}`, said, words: 1 })),
    ...settings.flatMap(([name, value]) =>
      value.split("|").map((said) => said.trim()).filter((said) => said !== "")
        .map((said) => ({ path: `env.${name}`, said, words: 2 }))
    ),
  ];
  return named.flatMap(({ path, said, words }) => {
    if (said.split(/\s+/).length < words) {
      return [`"${path}" says "${said}", which is no service, function of abra.sh and arguments`];
    }
    const problem = lackOf(said, callable);
    return problem === null ? [] : [`"${path}" names ${problem}`];
  });
}

function unknown(
  all: readonly Named[],
  { what, known }: { what: "service" | "volume"; known: readonly string[] },
): string[] {
  const has = what === "volume" ? "mounts" : "has";
  return all.filter(({ name }) => !known.includes(name)).map(({ path, name }) =>
    `"${path}" names ${what} "${name}", and the app ${has} none of that name${meantAs(name, known)}`
  );
}
