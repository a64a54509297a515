import { resolve } from "node:path";
import { type Compose, workingDir } from "../recipe/compose.ts";
import { type ComposePath, entriesOf, isRecord, itemsOf, listOrMap } from "../recipe/compose_values.ts";
import { readInside } from "../recipe/inside_checkout.ts";
import { type Finding, quote } from "../lint/finding.ts";

/** How many actions a template may have, and how many of them may lay other configs and secrets into it. */
const limits = { text: 512 * 1024, actions: 500, inserted: 100 };

/** What a template may call; of any other function nobody knows what it does, or it may go on for ever (`range`). */
const functions = new Set(
  ("if else end with and or not eq ne lt le gt ge len index slice true false nil env secret config " +
    "print printf println join html js urlquery").split(" "),
);
/** Functions that make a text out of others: one of them adds, one behind the other multiply. */
const composing = /(?<![\w.$])(?:printf?|println|join|html|js|urlquery)\b/g;
/** What makes a value usable again: under a name, or as the dot. */
const keeping = /\$\w*\s*(,\s*\$\w+\s*)?:?=|\bwith\b/;
const inserting = /\b(?:config|secret)\b/;
/** A width or precision of three digits, or one that is an argument, or an argument that is taken again. */
const wide = /%[^a-zA-Z%]*([0-9]{3}|[*[])/;
/** How many characters one of a format, and one of what is laid in, may become in a composed text. */
const growth = { format: 30, inserted: 6 } as const;

/**
 * Templates that Docker's daemon fills in when a task starts: in variables, in host names, in mounts with their volumes'
 * options, and in configs and secrets with a `template_driver`. They are programs, and the daemon bounds neither their
 * time nor what they come to.
 */
export function checkTemplates(
  compose: Compose,
  { checkout, add }: { checkout: string; add: (finding: Finding) => void },
): void {
  const root = Deno.realPathSync(checkout);
  const folder = workingDir(compose, root);
  checkSettings(compose, add);
  for (const file of compose.files) {
    const check = (text: string, { what, path }: { what: string; path: ComposePath }) => {
      const problem = templateProblem(text);
      if (problem === null) return;
      add({
        rule: "confine.template",
        severity: "error",
        file: file.path,
        line: file.lineOf(path),
        message: `${what} is a template that Docker would fill in, and ${problem}`,
        subject: String(path.at(-1)),
        hint,
      });
    };
    /** What is checked by its text has to stay that text. */
    const refuse = (text: string, { what, path }: { what: string; path: ComposePath }) => {
      if (!text.includes("{{")) return;
      add({
        rule: "confine.template",
        severity: "error",
        file: file.path,
        line: file.lineOf(path),
        message: `${what} is a template that Docker would fill in: ${quote(text)}`,
        subject: String(path.at(-1)),
        hint: "Write it out",
      });
    };
    for (const [service, definition] of entriesOf(file.doc.services)) {
      if (!isRecord(definition)) continue;
      for (const { key, value, at } of listOrMap(definition.environment)) {
        const path = ["services", service, "environment", at];
        check(value ?? "", { what: `Variable ${quote(key)} of service ${quote(service)}`, path });
      }
      const path = ["services", service, "hostname"];
      check(String(definition.hostname ?? ""), { what: `The host name of service ${quote(service)}`, path });
      for (const [index, mount] of itemsOf(definition.volumes)) {
        const place = isRecord(mount) ? String(mount.target ?? "") : String(mount);
        refuse(place, {
          what: `A mount of service ${quote(service)}`,
          path: ["services", service, "volumes", index],
        });
      }
    }
    for (const [key, definition] of entriesOf(file.doc.volumes)) {
      if (!isRecord(definition)) continue;
      for (const option of ["labels", "driver_opts"]) {
        for (const { key: name, value, at } of listOrMap(definition[option])) {
          const path = ["volumes", key, option, at];
          refuse(`${name}${value ?? ""}`, { what: `${quote(name)} of volume ${quote(key)}`, path });
        }
      }
    }
    for (const section of ["configs", "secrets"] as const) {
      for (const [key, definition] of entriesOf(file.doc[section])) {
        if (!isRecord(definition)) continue;
        const { template_driver: driver, file: name } = definition;
        if (driver !== "golang") continue; // objects.ts refuses any other
        const path = [section, key, "template_driver"];
        const text = typeof name === "string" ? readInside(root, resolve(folder, name)) ?? "" : "";
        check(text, { what: `${section.slice(0, -1)} ${quote(key)}`, path });
      }
    }
  }
}

const hint = "Fill in values by {{ env }}, {{ secret }} and {{ if }}; do anything else in the container";

/** The app's settings, which abra makes variables of its main service. */
function checkSettings(compose: Compose, add: (finding: Finding) => void): void {
  for (const [name, value] of Object.entries(compose.env)) {
    const problem = templateProblem(value);
    if (problem === null) continue;
    add({
      rule: "confine.template",
      severity: "error",
      file: ".env.sample",
      message: `The setting ${quote(name)} is a template that Docker would fill in, and ${problem}`,
      subject: name,
      hint,
    });
  }
}

/** What is wrong with a template, as the end of a sentence; null where nothing is. */
function templateProblem(text: string): string | null {
  if (!text.includes("{{")) return null;
  if (text.length > limits.text) return `it is longer than ${limits.text} characters`;
  const read = readActions(text);
  if (read === null) return "it cannot be read with certainty";
  const { actions, strings } = read;
  if (actions.length > limits.actions) return `it has more than ${limits.actions} actions`;
  const code = actions.join(" ");
  const unknown = [...code.matchAll(/(?<![\w.$])[A-Za-z_]\w*/g)].find(([word]) => !functions.has(word))?.[0];
  if (unknown !== undefined) return `it uses "${unknown}", which may go on for ever, or which nobody knows`;
  const composed = actions.map((action) => action.match(composing)?.length ?? 0);
  if (
    actions.some((action, index) => (composed[index] ?? 0) > (keeping.test(action) ? 0 : 1)) ||
    (composed.some((count) => count > 0) && wide.test(strings))
  ) {
    return "it may come to any length";
  }
  return insertions(actions) > limits.inserted
    ? `it inserts more than ${limits.inserted} configs and secrets`
    : null;
}

/** How often a template lays in configs and secrets, at most. */
function insertions(actions: readonly string[]): number {
  // What is kept under a name, or as the dot, may be laid in wherever that stands.
  const again = actions.some((action) => keeping.test(action) && inserting.test(action))
    ? actions.join(" ").match(/\$|(?<![\w.])\./g)?.length ?? 0
    : 0;
  return again + actions.filter((action) => inserting.test(action)).join(" ").split(inserting).length - 1;
}

/**
 * Bytes that a template comes to at most, if it is one that passes.
 * @param largest bytes of the largest config or secret that it may lay in
 */
export function templateBytes(text: string, largest: number): number {
  const actions = readActions(text)?.actions ?? [];
  const composes = actions.some((action) => action.match(composing) !== null);
  return text.length * (composes ? growth.format : 1) +
    insertions(actions) * largest * (composes ? growth.inserted : 1);
}

/**
 * The code of each action, with texts in quotes left out, and these texts. Reads as Go's lexer does; null for what that
 * would refuse, or what ends in the midst of something.
 */
function readActions(text: string): { actions: string[]; strings: string } | null {
  const token = /\}\}|"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`|'(?:[^'\\\n]|\\[^\n])*'|["'`]/g;
  const actions: string[] = [];
  const strings: string[] = [];
  for (let at = text.indexOf("{{"); at !== -1; at = text.indexOf("{{", at)) {
    const code: string[] = [];
    at += 2;
    if (text.startsWith("/*", at) || text.startsWith("- /*", at)) {
      at = text.indexOf("*/", at);
      if (at === -1) return null;
      actions.push("");
      continue;
    }
    for (let found = ""; found !== "}}";) {
      token.lastIndex = at;
      const match = token.exec(text);
      if (match === null) return null;
      [found] = match;
      code.push(text.slice(at, match.index));
      if (found.length === 1) return null; // a quote that is not closed
      if (found !== "}}") strings.push(found);
      at = token.lastIndex;
    }
    actions.push(code.join(" "));
  }
  return { actions, strings: strings.join(" ") };
}
