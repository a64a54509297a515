import type { Finding } from "../../lint/finding.ts";
import { quote } from "../../lint/finding.ts";
import { placeOf } from "../../lint/recipe.ts";
import type { Checked, Surplus } from "./compare.ts";
import type { Tree } from "./tree.ts";

/** The beginning that most places have in the engine: it tells a reader nothing, so it is left out. */
const frame = /^TaskTemplate\./;

/** What a surplus is called by those who read a run's result. */
export function findingOf(surplus: Surplus, [newest]: readonly Checked[]): Finding {
  const { kind, name, difference } = surplus;
  const sections = {
    service: "services",
    network: "networks",
    volume: "volumes",
    config: "configs",
    secret: "secrets",
  };
  const place = newest === undefined || kind === "container"
    ? { file: "compose.yml" }
    : placeOf(newest.compose, [sections[kind], name]);
  const path = difference?.path.join(".").replace(frame, "") ?? "";
  return {
    rule: "confine.engine",
    severity: "error",
    ...place,
    message: difference === null
      ? `Docker holds a ${kind} ${quote(name)} that is in no checked compose file`
      : message(surplus, { ...difference, path }),
    subject: [kind, name, path].filter((part) => part !== "").join("."),
    hint:
      "What was deployed is not what was checked: compare abra's reading of the compose files with Docker's",
  };
}

function message(
  { kind, name }: Surplus,
  { path, expected, actual }: { path: string; expected: Tree | undefined; actual: Tree | undefined },
): string {
  const where = `Docker holds ${kind} ${quote(name)}`;
  if (expected === undefined) return `${where} with ${quote(path)} ${shown(actual)}, which nobody checked`;
  if (actual === undefined) return `${where} without ${quote(path)} ${shown(expected)}, which was checked`;
  return `${where} with ${quote(path)} ${shown(actual)}, and ${shown(expected)} was checked`;
}

function shown(tree: Tree | undefined): string {
  return quote(typeof tree === "object" ? JSON.stringify(tree) : tree ?? "");
}
