import { commandsIn } from "../../common/recipe_commands.ts";
import { meantAs } from "../../common/spelling.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { StageName } from "../../protocol/result.ts";
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
 * What a `recipe.yml` names that the commit under test does not have, each as a sentence: services, volumes, and
 * functions of `abra.sh`. A deploy would show it too, some minutes later. What no stage of the run uses keeps nobody from
 * running it: a provider is only installed, and an older commit may be.
 */
export function wrongNames(
  enrolment: Enrolment,
  { head, stages, app: { domain, stack } }: {
    head: ReadVersion;
    /** Stages that the run goes through. */
    stages: readonly StageName[];
    app: { domain: string; stack: string };
  },
): string[] {
  const { ready, data, files, backup, skip } = enrolment;
  const takesPlace = (stage: StageName) =>
    stages.includes(stage) && !skip.some((skipped) => skipped.stage === stage);
  const isWritten = takesPlace("backup") || takesPlace("upgrade");
  const used = { seed: isWritten, read: isWritten, destroy: takesPlace("backup") && takesPlace("restore") };
  const conditions = ready.flatMap(({ service: name, only }, at): Named[] =>
    name === undefined || only === "base" ? [] : [{ path: `ready.${at}.service`, name }]
  );
  const commands = (["seed", "read", "destroy"] as const).filter((key) => used[key]).flatMap((key) =>
    data[key].map(({ service }, at): Named => ({ path: `data.${key}.${at}.service`, name: service }))
  );
  const filled = files.map(({ volume }, at): Named => ({ path: `files.${at}.volume`, name: volume }));
  const saved = !takesPlace("backup") ? [] : backup.expect.map((said, at): Named => ({
    path: `backup.expect.${at}`,
    name: said.split("/")[0] ?? "",
  }));
  const settings = ["POST_DEPLOY_CMDS", ...takesPlace("upgrade") ? ["POST_UPGRADE_CMDS"] : []];
  return [
    ...unknown([...conditions, ...commands], { what: "service", known: servicesOf(head.compose) }),
    ...unknown([...filled, ...saved], {
      what: "volume",
      known: volumesOf(head.compose, stack).map(({ key }) => key),
    }),
    ...wrongCommands(enrolment, { ...head, domain, settings }),
  ];
}

/** What the version under test lacks of the functions and services in whose containers `recipe.yml` runs them. */
function wrongCommands(
  enrolment: Enrolment,
  version: ReadVersion & { domain: string; settings: readonly string[] },
): string[] {
  const { root, compose } = version;
  const callable = { abraSh: readInside(root, "abra.sh") ?? "", services: servicesOf(compose) };
  const settings = Object.entries(ownSettings(enrolment, version)).filter(([name]) =>
    version.settings.includes(name)
  );
  const named = [
    ...enrolment.after_deploy.map((said, at) => ({ path: `after_deploy.${at}`, said, words: 1 })),
    ...settings.flatMap(([name, value]) =>
      commandsIn(value).map((said) => ({ path: `env.${name}`, said, words: 2 }))
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
