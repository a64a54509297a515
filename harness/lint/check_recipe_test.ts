import assert from "node:assert/strict";
import { join } from "node:path";
import { loadCompose } from "../recipe/compose.ts";
import type { Finding } from "./finding.ts";
import { checkRecipe } from "./check_recipe.ts";
import { checkConfigVersions } from "./config_versions.ts";
import { nameBudget } from "./name_lengths.ts";
import type { Recipe } from "./recipe.ts";
import { parseAbraSh } from "../../common/abra_sh.ts";
import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";

const stack = "some-0a1b2c_ci_localhost";

type Files = Record<string, string>;

/** A compose file whose service `app` has these lines, from line 5 on. */
function app(lines: string, rest = ""): string {
  const indented = lines.split("\n").map((line) => `    ${line}`).join("\n");
  return `version: "3.8"\nservices:\n  app:\n    image: nginx:1.22.1\n${indented}\n${rest}`;
}

async function withRecipe<T>(files: Files, work: (recipe: Recipe) => Promise<T> | T): Promise<T> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(root, name), text);
    const sample = files[".env.sample"] ?? "";
    const abraSh = files["abra.sh"] ?? "";
    const compose = await loadCompose(root, {
      DOMAIN: "some-0a1b2c.ci.localhost",
      ...toEnvironment(parseEnvFile(sample)),
      STACK_NAME: stack,
      ...parseAbraSh(abraSh),
    });
    assert.ok(compose.ok, compose.ok ? "" : compose.message);
    return await work({ compose, root, stack, sample, abraSh });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const inShort = ({ rule, severity, file, line }: Finding) => `${severity} ${rule} ${file}:${line}`;

const secret = (name: string) => `secrets:\n  pw:\n    external: true\n    name: \${STACK_NAME}_pw_${name}\n`;
const config = (name: string) => `configs:\n  conf:\n    file: conf\n    name: \${STACK_NAME}_conf_${name}\n`;

/** Recipes, and what is found in them: `severity rule file:line`, in order. */
const cases: [name: string, files: Files, ...found: string[]][] = [
  ["nothing wrong", { "compose.yml": app("init: true") }],

  [
    "no service called app",
    { "compose.yml": "services:\n  web:\n    image: nginx:1\n" },
    "error lint.app-service compose.yml:1",
  ],
  [
    "a service without an image",
    { "compose.yml": app("init: true", "  db:\n    init: true\n") },
    "error lint.image compose.yml:6",
  ],
  [
    "an image without a tag",
    { "compose.yml": app("init: true", "  db:\n    init: true\n    image: registry:5000/db\n") },
    "warning lint.image-tag compose.yml:8",
  ],
  [
    "the tag latest",
    { "compose.yml": app("init: true", "  db:\n    image: db:latest\n") },
    "warning lint.image-tag compose.yml:7",
  ],
  ["a digest instead of a tag", { "compose.yml": app("init: true", "  db:\n    image: db@sha256:00\n") }],
  [
    "an image that another file brings",
    {
      ".env.sample": 'COMPOSE_FILE="compose.yml:compose.db.yml"\n',
      "compose.yml": app("init: true", "  db:\n    init: true\n"),
      "compose.db.yml": "services:\n  db:\n    image: db:1\n",
    },
  ],

  [
    "durations and numbers from variables",
    {
      "compose.yml": app(
        "stop_grace_period: $GRACE\nhealthcheck:\n  interval: 10s\n  start_period: ${START:-5m}\n" +
          "deploy:\n  update_config:\n    monitor: ${MONITOR:-5s}\n  replicas: ${REPLICAS:-1}",
      ),
      ".env.sample": "GRACE=1m\n",
    },
    "error lint.typed-value compose.yml:5",
    "error lint.typed-value compose.yml:8",
    "error lint.typed-value compose.yml:11",
    "error lint.typed-value compose.yml:12",
  ],

  [
    "memory, ports and externals from variables, each at its line",
    {
      "compose.yml": app(
        "deploy:\n  resources:\n    limits:\n      memory: ${M:-512M}\n      cpus: ${C:-0.5}\n" +
          "healthcheck:\n  retries: $R\nports:\n  - target: 2222\n    published: ${PORT}\n  - ${PORT}:22",
        "networks:\n  other:\n    external: ${X}\n    name: ${NAME}\n",
      ),
      ".env.sample": "PORT=2222\nR=3\nX=true\nNAME=proxy\n",
    },
    "error lint.typed-value compose.yml:8",
    "error lint.typed-value compose.yml:11",
    "error lint.typed-value compose.yml:14",
    "error lint.typed-value compose.yml:18",
  ],
  [
    "values as they are, and a dollar that stands for itself",
    { "compose.yml": app("stop_grace_period: 1m\ninit: true\ndeploy:\n  replicas: 1\nstop_signal: $$X") },
  ],

  [
    "routing labels on the container, where no service has them below deploy",
    { "compose.yml": app("labels:\n  - a=b\n  - traefik.enable=true") },
    "error lint.routing-labels compose.yml:7",
  ],
  [
    "routing labels on the container of one service only",
    {
      "compose.yml": app(
        "deploy:\n  labels: [traefik.enable=true]",
        "  db:\n    image: db:1\n    labels:\n      traefik.enable: 'true'\n",
      ),
    },
    "warning lint.routing-labels compose.yml:10",
  ],
  [
    "routing labels in both places",
    {
      "compose.yml": app("labels: [traefik.enable=true]\ndeploy:\n  labels: [traefik.enable=true]"),
    },
  ],

  [
    "a variable that nothing sets, named twice",
    { "compose.yml": app("environment:\n  - A=${MAIL}\n  - B=${MAIL}\n  - C=${HERE:-1}") },
    "warning lint.variable-unset compose.yml:6",
  ],
  [
    "a variable that .env.sample shows as an option",
    { "compose.yml": app("environment:\n  - A=${MAIL}"), ".env.sample": "# MAIL=a@example.org\n" },
  ],

  [
    "a secret that .env.sample does not know",
    { "compose.yml": app("secrets: [pw]", secret("${SECRET_PW_VERSION}")) },
    "error lint.secret-sample compose.yml:9",
  ],
  [
    "a secret that is commented out although it is in use",
    {
      "compose.yml": app("secrets: [pw]", secret("${SECRET_PW_VERSION}")),
      ".env.sample": "#SECRET_PW_VERSION=v1\n",
    },
    "error lint.secret-sample compose.yml:9",
  ],
  [
    "secrets with a version in .env.sample, with a default, with none",
    {
      "compose.yml": app(
        "secrets: [pw]",
        `${secret("${SECRET_PW_VERSION}")}  other:\n    external: true\n` +
          "    name: ${STACK_NAME}_other_${SECRET_OTHER_VERSION:-v1}\n" +
          "  third:\n    external: true\n    name: ${STACK_NAME}_third_v1\n",
      ),
      ".env.sample": "SECRET_PW_VERSION=v1 # length=32\n",
    },
  ],
  [
    "a config whose version abra.sh does not export",
    { "compose.yml": app("configs: [conf]", config("${CONF_VERSION}")), "conf": "" },
    "error lint.config-export compose.yml:9",
  ],
  [
    "a config whose version abra.sh exports",
    {
      "compose.yml": app("configs: [conf]", config("${CONF_VERSION}")),
      "abra.sh": "export CONF_VERSION=v1\n",
      "conf": "",
    },
  ],

  [
    "labels of both backup bots",
    {
      "compose.yml": app(
        "deploy:\n  labels:\n    backupbot.backup: true\n    backupbot.backup.path: /data\n" +
          "    backupbot.backup.volumes.data.path: x",
      ),
    },
    "warning lint.backup-labels compose.yml:8",
  ],
  [
    "labels of the first backup bot alone",
    { "compose.yml": app("deploy:\n  labels:\n    - backupbot.backup=true\n    - backupbot.restore=true") },
    "warning lint.backup-labels compose.yml:8",
  ],
  [
    "backup labels on the container",
    { "compose.yml": app('labels:\n  - "backupbot.backup=true"') },
    "warning lint.backup-labels compose.yml:6",
  ],
  [
    "backup labels of one service in place, of another on the container",
    {
      "compose.yml": app(
        "deploy:\n  labels:\n    - backupbot.backup=true",
        '  db:\n    image: db:1\n    labels:\n      - "backupbot.backup=true"\n',
      ),
    },
    "warning lint.backup-labels compose.yml:11",
  ],
  [
    "a script with a pipe that a hook calls, and one that none calls",
    {
      "compose.yml": app(
        "configs: [{source: dump, target: /usr/bin/dump.sh}, entry]\ndeploy:\n  labels:\n" +
          "    - backupbot.backup=true\n    - backupbot.backup.pre-hook=sh -c '/usr/bin/dump.sh backup'",
        "configs:\n  dump: {file: dump, name: a_v1}\n  entry: {file: entry, name: b_v1}\n",
      ),
      "dump": "#!/bin/sh\nmysqldump a | gzip > /x\n",
      "entry": "a | b",
    },
    "warning lint.hook-pipe dump:2",
  ],
  [
    "labels of backup-bot-two",
    {
      "compose.yml": app(
        "deploy:\n  labels:\n    - backupbot.backup=true\n    - backupbot.backup.pre-hook=/dump\n" +
          "    - backupbot.backup.volumes.data.path=dump\n    - backupbot.restore.post-hook=/load",
      ),
    },
  ],
];

for (const [name, files, ...found] of cases) {
  Deno.test(`lint: ${name}`, () =>
    withRecipe(files, (recipe) => assert.deepEqual(checkRecipe(recipe).map(inShort), found)));
}

Deno.test("lint: a finding says where, what and what to do", () =>
  withRecipe({ "compose.yml": app("healthcheck: {start_period: '${START:-5m}'}") }, (recipe) => {
    assert.deepEqual(checkRecipe(recipe), [{
      rule: "lint.typed-value",
      severity: "error",
      file: "compose.yml",
      line: 5,
      message: 'Service "app" takes its healthcheck.start_period from "${START:-5m}"',
      hint: "abra reads compose files before variables are filled in: write the duration itself",
      subject: "app",
    }]);
  }));

/** Secrets by length of what follows the stack's name, the room they leave, and what is found. */
const lengths: [name: string, secretName: string, room: number, ...found: string[]][] = [
  ["short", "${STACK_NAME}_pw_v1", 45],
  ["as long as usual domains allow", `\${STACK_NAME}${"_".padEnd(34, "x")}`, 30],
  [
    "longer than that",
    `\${STACK_NAME}${"_".padEnd(35, "x")}`,
    29,
    "warning lint.name-length compose.yml:6",
  ],
  [
    "too long for this base domain alone",
    `\${STACK_NAME}${"_".padEnd(45, "x")}`,
    19,
    "warning lint.name-length compose.yml:6",
  ],
  [
    "too long for any domain",
    `\${STACK_NAME}${"_".padEnd(53, "x")}`,
    11,
    "error lint.name-length compose.yml:6",
  ],
  ["too long without a domain", "x".repeat(65), 45, "error lint.name-length compose.yml:6"],
];

for (const [name, secretName, room, ...found] of lengths) {
  const text =
    `services:\n  app:\n    image: a:1\n    init: true\nsecrets:\n  pw: {external: true, name: '${secretName}'}\n`;
  Deno.test(`name budget: ${name}`, () =>
    withRecipe({ "compose.yml": text }, ({ compose }) => {
      const budget = nameBudget(compose, stack);
      assert.equal(budget.room, room);
      assert.deepEqual(budget.findings.map(inShort), found);
    }));
}

Deno.test("name budget: services and networks have a character less, those of others do not count", () => {
  const long = "x".repeat(40);
  const text = `services:\n  ${long}: {image: a}\nnetworks:\n  ${long}y:\n  ${long}zz: {external: true}\n`;
  return withRecipe({ "compose.yml": text }, ({ compose }) => {
    assert.equal(nameBudget(compose, stack).room, 63 - 42);
  });
});

const published: Files = {
  "compose.yml": app("configs: [conf]", config("${CONF_VERSION}")),
  "abra.sh": "# versions\nexport CONF_VERSION=v1\n",
  "conf": "one",
};

/** Changes to a published recipe with one config. */
const changes: [name: string, change: Files, ...found: string[]][] = [
  ["nothing changed", {}],
  ["another content", { "conf": "two" }, "error lint.config-version abra.sh:2"],
  ["another content and version", { "conf": "two", "abra.sh": "export CONF_VERSION=v2\n" }],
  ["another version, same content", { "abra.sh": "export CONF_VERSION=v2\n" }],
  [
    "another content, the version written into the name",
    { "conf": "two", "compose.yml": app("configs: [conf]", config("v1")) },
    "error lint.config-version compose.yml:7",
  ],
  [
    "another file under the old name",
    { "new": "two", "compose.yml": app("configs: [conf]", config("v1").replace("file: conf", "file: new")) },
    "error lint.config-version compose.yml:7",
  ],
  [
    "a config under another name",
    { "conf": "two", "compose.yml": app("configs: [conf]", config("v1").replace("_conf_", "_conf2_")) },
  ],
];

for (const [name, change, ...found] of changes) {
  Deno.test(`config versions: ${name}`, () =>
    withRecipe(published, (before) =>
      withRecipe({ ...published, ...change }, async (head) => {
        const findings = await checkConfigVersions(head, { ...before, version: "1.0.0+1" });
        assert.deepEqual(findings.map(inShort), found);
      })));
}

Deno.test("every rule of lint is seen red here or beside", async () => {
  const shown = new Set(
    [...cases, ...lengths, ...changes].flatMap((one) => one.flat()).flatMap((one) =>
      typeof one === "string" ? /^(?:error|warning) (lint\.[a-z-]+)/.exec(one)?.[1] ?? [] : []
    ),
  );
  shown.add("lint.annotated-tag"); // tags_test.ts
  shown.add("lint.env-sample"); // the stage's test
  shown.add("lint.merged-ports"); // merged_ports_test.ts
  const named = new Set<string>();
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (!name.endsWith(".ts") || name.endsWith("_test.ts")) continue;
    const text = await Deno.readTextFile(new URL(name, import.meta.url));
    for (const [, rule = ""] of text.matchAll(/["'`](lint\.[a-z-]+)["'`]/g)) named.add(rule);
  }
  assert.ok(named.size > 10, "the source names its rules some other way now");
  assert.deepEqual([...named].filter((rule) => !shown.has(rule)), []);
});
