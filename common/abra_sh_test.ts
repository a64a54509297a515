import { deepEqual, equal } from "node:assert/strict";
import { oddAbraShLines, parseAbraSh } from "./abra_sh.ts";

Deno.test("abra.sh is read for plain exports only", () => {
  const script =
    'export A_VERSION=v2\nexport B_VERSION="v3"\nexport C=$(id)\nexport D="`id`"\nexport E=v1 # x\nE=v2\nfoo() {\n  :\n}\n';
  deepEqual(parseAbraSh(script), { A_VERSION: "v2", B_VERSION: "v3", E: "v1" });
});

Deno.test("ordinary scripts have nothing odd", () => {
  const script =
    '#!/bin/bash\r\n# export A=$(x)\r\nexport A_VERSION=v2\nexport A_VERSION=v2\nbackup() {\n  pg_dump --export x\n  export-all\n  echo "an export"\n}\n';
  deepEqual(oddAbraShLines(script), []);
});

for (
  const line of [
    "export WHERE='data'",
    "export WHERE=/etc",
    "export WHERE=data OTHER=/etc",
    "  export WHERE=data",
    "export  WHERE=data",
    "export WHERE",
    "export WHERE=",
    "export WHERE=$(pwd)",
    "export A=v1 # export WHERE=/etc",
    "export A=v1 # =/etc",
    "true; export WHERE=data",
    "f() { export WHERE=data; }",
    "declare -x WHERE=data",
    "declare -gx WHERE=data",
    "set -a",
    "set -o allexport",
  ]
) {
  Deno.test(`readers may differ on ${JSON.stringify(line)}`, () => {
    equal(oddAbraShLines(`#!/bin/sh\n${line}\n`)[0]?.line, 2);
  });
}

Deno.test("a second export of another value is odd", () => {
  deepEqual(oddAbraShLines("export A=v1\nexport A=v2\n").map(({ line, name }) => ({ line, name })), [
    { line: 2, name: "A" },
  ]);
});
