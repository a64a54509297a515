import { relative } from "node:path";
import { calledScripts } from "../recipe/called_scripts.ts";
import { composeServices, deployLabels } from "../recipe/compose_services.ts";
import { type Finding, quote } from "./finding.ts";
import type { Recipe } from "./recipe.ts";

const hook = /^backupbot\.(backup|restore)\.(pre|post)-hook$/;

/**
 * Scripts that hooks of the backup bot call and that a pipe can deceive: without `pipefail` a pipe ends as well as its
 * last part, so a dump that could not be written, or read, looks like one. The bot sets `pipefail` for a hook's own
 * command, which does not reach the scripts that the command starts.
 */
export function checkHookScripts({ compose, root }: Recipe): Finding[] {
  const found = new Map<string, Finding>();
  for (const service of Object.values(composeServices(compose))) {
    const commands = Object.entries(deployLabels(service)).filter(([name]) => hook.test(name))
      .map(([, command]) => command).join("\n");
    for (const { source, target, path, text } of calledScripts(commands, { service, compose, root })) {
      const line = unguardedPipe(text);
      if (line === null) continue;
      const name = relative(root, path);
      found.set(name, {
        rule: "lint.hook-pipe",
        severity: "warning",
        file: name,
        line,
        message: `A hook of the backup bot calls ${
          quote(target)
        }, where a pipe hides the failure of its first part`,
        hint: "Begin the script with #!/bin/bash and set -o pipefail, or write to a file and read that",
        subject: source,
      });
    }
  }
  return [...found.values()];
}

/** Line of the first pipe of a shell script that never sets `pipefail`; null: there is none. */
export function unguardedPipe(script: string): number | null {
  const bare = withoutText(script);
  if (/\bpipefail\b/.test(bare)) return null;
  const lines = bare.split("\n");
  const at = lines.findIndex((line) => /(?<![|>])\|(?!\|)/.test(withoutPatterns(line)));
  return at === -1 ? null : at + 1;
}

/** A line without the alternatives of a `case`: `backup|dump)`. */
function withoutPatterns(line: string): string {
  return line.replaceAll(/(^|\bin\b|;;)\s*\(?[^\s()|;&]+(\s*\|\s*[^\s()|;&]+)+\s*\)/g, "$1");
}

/** A script without comments, quoted texts and here-documents; its lines keep their numbers. */
function withoutText(script: string): string {
  const text = /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|(?<![^\s;&|(])#.*/g;
  return withoutDocuments(script).replaceAll(text, (all) => all.replaceAll(/[^\n]/g, ""));
}

function withoutDocuments(script: string): string {
  let end: string | null = null;
  return script.split("\n").map((line) => {
    if (end !== null) {
      if (line.trim() === end) end = null;
      return "";
    }
    end = /(?<!<)<<-?[ \t]*["']?(\w+)/.exec(line)?.[1] ?? null;
    return line;
  }).join("\n");
}
