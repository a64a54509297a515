import { meantAs } from "../../common/spelling.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
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
  { ready, data, files, backup, skip, after_deploy: after }: Enrolment,
  { versions, stack }: { versions: readonly ReadVersion[]; stack: string },
): string[] {
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
    ...head.flatMap(({ root, compose }) => {
      const version = { abraSh: readInside(root, "abra.sh") ?? "", services: servicesOf(compose) };
      return after.flatMap((said, at) => {
        const problem = lackOf(said, version);
        return problem === null ? [] : [`"after_deploy.${at}" names ${problem}`];
      });
    }),
  ];
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
