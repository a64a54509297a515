import { meantAs } from "../../common/spelling.ts";
import type { Customisation } from "../../enrolment/customised.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import { dollared, filledAt } from "../../enrolment/placeholders.ts";
import { ownSettings, type Version } from "../app/settings.ts";
import { backedUp } from "../recipe/backup_labels.ts";
import { type Compose, servicesOf } from "../recipe/compose.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { neededSecrets } from "../recipe/secrets.ts";

/** A version of the recipe as it was read. */
export interface ReadVersion extends Version {
  compose: Compose;
  /** A published version, as it is called. */
  version?: string;
}

/** What of a `recipe.yml` this run has a use for. */
export interface Use {
  /** Customisations that apply. */
  applied: Customisation[];
  /** One sentence for each thing that stands in it and that nothing uses. */
  stale: string[];
}

/**
 * Compares a `recipe.yml` with the versions of the recipe that a run is about.
 * @param seen.versions those that were read
 * @param seen.complete whether these are all: otherwise nothing is called stale
 * @param seen.upgrades whether there is a version to upgrade from
 * @param seen.overridden places whose changes of compose files applied, such as `grace.db`
 * @param seen.tests whether the recipe brings tests
 */
export function useOf(
  { enrolment, customised }: { enrolment: Enrolment; customised: readonly Customisation[] },
  seen: {
    app: { domain: string; stack: string };
    versions: readonly ReadVersion[];
    complete: boolean;
    upgrades: boolean;
    overridden: readonly string[];
    tests: boolean;
  },
): Use {
  const { app, versions, complete, overridden } = seen;
  const secrets = new Set(
    versions.flatMap(({ compose }) =>
      neededSecrets(compose, { stack: app.stack, settings: [] }).map(({ key }) => key)
    ),
  );
  const settings = new Set(
    versions.flatMap((version) => Object.keys(ownSettings(enrolment, { domain: app.domain, ...version }))),
  );
  const services = versions.flatMap(({ compose }) => servicesOf(compose));
  const applies = ({ key }: Customisation) => {
    if (key.startsWith("grace.")) return overridden.includes(key);
    if (key === "base.repair") return overridden.some((one) => one.startsWith(`${key}.`));
    const [, kind, name = ""] = /^(env|secrets)\.(.*)$/s.exec(key) ?? [];
    return kind === undefined || (kind === "env" ? settings : secrets).has(name);
  };
  const stale = [
    ...Object.keys(enrolment.secrets).filter((name) => !secrets.has(name)).map((name) =>
      `secrets.${name}: no version uses such a secret${meantAs(name, [...secrets])}`
    ),
    ...missingFiles(enrolment, versions),
    ...missingServices(enrolment, versions),
    ...dollarSigns(enrolment),
    ...staleSkips(enrolment, seen),
    ...Object.keys(enrolment.grace).filter((name) => !overridden.includes(`grace.${name}`)).map((name) =>
      `grace.${name}: no version has such a service that would have less time by itself${
        meantAs(name, services)
      }`
    ),
    ...enrolment.base.repair.flatMap(({ service }, at) =>
      overridden.includes(`base.repair.${at}`) ? [] : [
        `base.repair.${at}: it is for other versions or services than the published version's${
          meantAs(service, services)
        }`,
      ]
    ),
  ];
  return {
    applied: customised.filter(applies),
    stale: complete ? stale.map((text) => `Stale in recipe.yml: ${text}`) : [],
  };
}

/** Files that settings wait for and that no version has. */
function missingFiles({ env }: Enrolment, versions: readonly ReadVersion[]): string[] {
  return Object.entries(env).flatMap(([name, { value = "", only, if_file: file }]) => {
    const meant = versions.filter(({ at }) => only === undefined || only === at);
    const files = [...file === undefined ? [] : [file], ...name === "COMPOSE_FILE" ? value.split(":") : []];
    return files.filter((one) =>
      meant.length > 0 && meant.every(({ root }) => readInside(root, one) === null)
    )
      .map((one) => `env.${name}: no version that it is for has ${one}`);
  });
}

/** Services that are waited for in published versions alone, and that none of these has. */
function missingServices({ ready }: Enrolment, versions: readonly ReadVersion[]): string[] {
  const published = versions.filter(({ at }) => at === "base");
  const services = published.flatMap(({ compose }) => servicesOf(compose));
  const names = published.map(({ version }) => version).join(", ");
  return ready.flatMap(({ service, only }, at) =>
    only !== "base" || service === undefined || published.length === 0 || services.includes(service)
      ? []
      : [`ready.${at}: ${names} has no service "${service}"${meantAs(service, services)}`]
  );
}

/** Placeholders that stay as they are, since a dollar sign before them makes them the app's own. */
function dollarSigns({ env, secrets, files, extra_domains: domains }: Enrolment): string[] {
  const texts = [
    ...Object.entries(env).map(([name, { value }]) => ({ place: "env" as const, name, value })),
    ...Object.entries(secrets).map(([name, { value }]) => ({ place: "secrets" as const, name, value })),
    ...files.map(({ content }, at) => ({ place: "files" as const, name: at, value: content })),
  ];
  return texts.flatMap(({ place, name, value = "" }) =>
    dollared(value, { filled: filledAt[place], domains }).map((one) =>
      `${place}.${name}: ${one} stays as it is, as a placeholder has no "$" before it`
    )
  );
}

function staleSkips(
  { skip, backup: { expect } }: Enrolment,
  seen: { app: { stack: string }; versions: readonly ReadVersion[]; upgrades: boolean; tests: boolean },
): string[] {
  const head = seen.versions.find(({ at }) => at === "head");
  // Without labels a backup that has to hold something fails, and is not left out.
  const unsaved = expect.length === 0 && head !== undefined && backedUp(head.compose, seen.app.stack) === null
    ? "the recipe has no backup labels"
    : null;
  const why = {
    backup: unsaved,
    restore: unsaved,
    upgrade: seen.upgrades ? null : "there is no version to upgrade from",
    tests: seen.tests ? null : "the recipe brings no tests",
  };
  return skip.flatMap(({ stage }) => why[stage] === null ? [] : [`skip ${stage}: ${why[stage]} anyway`]);
}
