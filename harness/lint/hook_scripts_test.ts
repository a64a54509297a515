import { equal } from "node:assert/strict";
import { unguardedPipe } from "./hook_scripts.ts";

const pipes: Record<string, { script: string; line: number | null }> = {
  "a restore through a pipe": { script: "set -e\ngunzip -c x.gz | psql -U a\n", line: 2 },
  "a pipe without spaces, or over two lines": { script: "cat x|psql", line: 1 },
  "a pipe whose second part stands on the next line": { script: "pg_dump |\n  gzip > x", line: 1 },
  "a pipe in a function after a case": { script: "case $1 in\n a | b) x ;;\nesac\ny | z", line: 4 },
  "a pipe before a here-document": { script: "cat <<E | psql\nselect 1;\nE\n", line: 1 },
  "pipefail": { script: "#!/bin/bash\nset -eo pipefail\ngunzip -c x | psql\n", line: null },
  "pipefail in a comment only": { script: "# no pipefail here\na | b\n", line: 2 },
  "an alternative": { script: "a || b\ncase $1 in a|b) x;; c|d ) y;; esac\necho >| x\n", line: null },
  "a pipe in a text": { script: 'echo \'a | b\' "c | d" # it\'s e | f\necho "\n|\n"\n', line: null },
  "a pipe in a here-document": { script: "psql <<'SQL'\nselect a | b;\nSQL\necho x\n", line: null },
};
for (const [name, { script, line }] of Object.entries(pipes)) {
  Deno.test(`scripts of hooks: ${name}`, () => equal(unguardedPipe(script), line));
}
