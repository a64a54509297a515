import * as z from "zod";
import { isGitUrl } from "../common/git_url.ts";
import { repoName } from "../protocol/params.ts";
import { stageName } from "../protocol/result.ts";
import { backup } from "./backup_schema.ts";
import { afterDeploy, base, files, grace, upgradeFrom } from "./deploy_schema.ts";
import { needs } from "./needs_schema.ts";
import { page } from "./page_schema.ts";
import {
  brokenPlaceholders,
  filledAt,
  unknownDomain,
  wrongPlaceholders,
  wrongVariables,
} from "./placeholders.ts";
import { ready, statuses } from "./ready_schema.ts";
import { wrongException } from "./rules.ts";
import { env, secrets, wrongSetting } from "./values_schema.ts";

/** What a further domain of an app is called. */
export const extraDomain = z.string().regex(
  /^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/,
  'must be one word that becomes part of a domain, such as "files": 22 small letters, digits and dashes at most',
);

const command = z.strictObject({
  service: z.string().regex(/^[a-zA-Z0-9][\w.-]*$/, "must be a service's name")
    .describe("Service of the recipe in whose container the command runs").meta({ examples: ["db"] }),
  command: z.string().min(1).describe("For `sh -c`, with the run's marker in `$MARKER`")
    .meta({ examples: ['echo "$MARKER" > /data/marker'] }),
});

const shown = z.string().min(1).refine((text) => {
  const pattern = /^\/(.+)\/i?$/.exec(text)?.[1];
  try {
    return pattern === undefined || new RegExp(pattern) instanceof RegExp;
  } catch {
    return false;
  }
}, "must be a valid regular expression, since it stands between slashes").refine(
  // With such letters it would be plain text, which no page shows. What else a path ends with, no pattern has behind it.
  (text) => !/^\/.+\/(?!i$)(?!\w*(\w)\w*\1)[gimsu]{1,3}$/.test(text),
  'must be plain text, "/pattern/" or "/pattern/i": no other letter may stand behind the pattern, and plain text that ' +
    'ends like this has to be written as a pattern, as "/\\/data\\/g/" is for "/data/g"',
);

/** What stands for names of the run in `exceptions`. */
const VARIABLES = ["${STACK_NAME}", "${DOMAIN}"];

/** Seconds of a day: more no stage and no run may take. */
export const MOST_SECONDS = 86_400;

/** Megabytes with which an app can work; who writes less means gigabytes. */
export const LEAST_MEGABYTES = 16;

/**
 * `recipes/<recipe>/recipe.yml`: what the suite has to know about a recipe that the recipe does not say itself. The
 * harness reads all of it; bridge and dashboard pick the keys that they need. Every key has a sentence and an example.
 */
export const recipeYml = z.strictObject({
  repo: repoName.describe(
    "`owner/name` of the repository on the host's forge (`CCCI_FORGE_URL`) on whose pull requests `!testme` is written; the bot has to be able to read it",
  )
    .meta({ examples: ["coop-cloud/wordpress"] }),
  upstream: z.string().min(1, { abort: true }).refine(
    (said) => isGitUrl(said) || repoName.safeParse(said).success,
    'must be "owner/name", or a git URL',
  ).optional()
    .describe(
      "Where releases are tagged: `owner/name` on the forge, or a git URL; `repo` without it. Its annotated tags are the published versions",
    )
    .meta({ examples: ["https://git.example.org/coop-cloud/wordpress.git"] }),
  public: z.boolean().default(false)
    .describe("Whether anybody may see the recipe's runs on the dashboard; it is hidden without")
    .meta({ examples: [true] }),
  health: z.strictObject({
    path: z.string().startsWith("/", 'must begin with "/"').default("/").describe(
      "Path that answers when the app works, and that the browser opens unless `page` names another",
    ).meta({ examples: ["/login"] }),
    status: statuses.prefault(200).describe(
      "Status of that answer, or several of which each will do: any from 200 except 502, 503 and 504, which the proxy gives itself",
    ).meta({
      examples: [302, [200, 401]],
    }),
    title: shown.optional().describe(
      "Part of the page's title once a browser has opened it, or `/pattern/` or `/pattern/i` that it must match",
    ).meta({ examples: ["WordPress"] }),
    text: shown.optional()
      .describe(
        "Part of the text a visitor sees on the page, its own frames and open shadow roots included, or `/pattern/` or " +
          "`/pattern/i` that it must match",
      ).meta({ examples: ["/sign in|log in/i"] }),
  }).prefault({}).describe("How a working app answers"),
  page,
  ready,
  timeouts: z.partialRecord(z.enum([...stageName.options, "run"]), z.number().positive().max(MOST_SECONDS))
    .default(
      {},
    )
    .describe(
      "Seconds a stage may take, and `run` altogether, a day (86400) each at most. Whatever the stages may take, a run ends after 2700 s (`CCCI_RUN_DEADLINE_S`); `run` gives it more, up to what the host allows (3300, `CCCI_RUN_DEADLINE_MAX_S`), and a run that asks for more and needs it ends `infra`",
    ).meta({
      examples: [{ install: 1200, run: 3300 }],
    }),
  lanes: z.literal(1).optional().describe(
    "How many apps of a run may live at the same time: as many as the host has memory for without it",
  ).meta({ examples: [1] }),
  memory: z.number().min(LEAST_MEGABYTES).optional().describe(
    "Megabytes of memory that all containers of the app together need at most, the second ones of an update included: 2000 without it, or what the host gives (`CCCI_RUN_MEMORY`), if that is less. An app that uses more fails its stage; a `recipe.yml` that asks for more than the host gives ends the run `infra`",
  ).meta({ examples: [4000] }),
  disk: z.number().min(LEAST_MEGABYTES).optional()
    .describe(
      "Megabytes that the app needs at most in volumes, writable layers and logs: 5000 without it, or what the host gives (`CCCI_RUN_DISK`), if that is less. An app that uses more fails its stage; a `recipe.yml` that asks for more than the host gives ends the run `infra`",
    )
    .meta({ examples: [8000] }),
  needs,
  secrets,
  env,
  extra_domains: z.array(
    extraDomain,
  ).default([])
    .describe("Further domains the app answers at; each becomes a sibling of its domain")
    .meta({ examples: [["files", "chat"]] }),
  data: z.strictObject({
    seed: z.array(command).default([]).describe(
      "Commands that write the marker, each run by `sh -c` in a service's container",
    )
      .meta({ examples: [[{ service: "app", command: 'echo "$MARKER" > /data/marker' }]] }),
    destroy: z.array(command).default([]).describe(
      "Commands that destroy what was written before a restore, for data that does not go with the files of the " +
        "backed-up volumes. Where there are none, these files are deleted",
    ).meta({
      examples: [[{
        service: "db",
        command:
          "psql -q -U wiki -d wiki -v ON_ERROR_STOP=1 -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'",
      }]],
    }),
    read: z.array(command.extend({
      expect: z.string().min(1).superRefine((said, context) => {
        for (const wrong of wrongVariables(said, ["$MARKER"])) context.addIssue(wrong);
      }).optional()
        .describe("What must be printed, when it is not the marker itself; `$MARKER` stands for it")
        .meta({ examples: ["id: $MARKER"] }),
    })).default([]).describe("Commands that must print it again, run in the same way")
      .meta({ examples: [[{ service: "app", command: "cat /data/marker" }]] }),
  }).prefault({}).describe("Data that has to outlive an upgrade, and to come back by a restore"),
  grace,
  base,
  upgrade_from: upgradeFrom,
  files,
  after_deploy: afterDeploy,
  backup,
  // Without the other stages nothing would have been shown.
  skip: z.array(
    z.strictObject({
      stage: stageName.extract(["backup", "restore", "tests", "upgrade"]).describe("The stage")
        .meta({ examples: ["backup"] }),
      reason: z.string().min(1).describe("Shown wherever the stage would be")
        .meta({ examples: ["its data lies in an object store"] }),
    }),
  ).default([]).describe("Stages that are left out")
    .meta({ examples: [[{ stage: "backup", reason: "its data lies in an object store" }]] }),
  expected_gaps: z.array(
    z.strictObject({
      what: z.string().min(1).describe("What of the app no run looks at").meta({ examples: ["voice calls"] }),
      reason: z.string().min(1).describe("Why none can").meta({
        examples: ["UDP does not get through the proxy"],
      }),
    }),
  ).default([]).describe("What a run cannot show of the app: it is told with every result, and never counted")
    .meta({ examples: [[{ what: "voice calls", reason: "UDP does not get through the proxy" }]] }),
  exceptions: z.array(
    z.string().min(1, { abort: true }).superRefine((said, context) => {
      const wrong = wrongException(said);
      for (const one of wrong === null ? wrongVariables(said, VARIABLES) : [wrong]) context.addIssue(one);
    }),
  ).default([])
    .describe(
      "Rules of confinement and lint that the recipe may break: `rule`, or `rule=subject` for a single case. `${STACK_NAME}` and `${DOMAIN}` stand for the run's own",
    )
    .meta({ examples: [["confine.bind=/etc/localtime"]] }),
}).superRefine((said, context) => {
  const { page, health, ready, env, secrets, files, needs, extra_domains: domains } = said;
  const of = { domains, needed: needs.map(({ recipe }) => recipe) };
  const wrong = (path: (string | number)[], messages: readonly string[]) => {
    for (const message of messages) context.addIssue({ code: "custom", path, message });
  };
  for (const [at, { domain }] of ready.entries()) {
    if (domain !== undefined) wrong(["ready", at, "domain"], unknownDomain(domain, domains));
  }
  for (const [name, { value = "" }] of Object.entries(env)) {
    wrong(["env", name], [
      ...wrongPlaceholders(value, { ...of, filled: filledAt.env }),
      ...brokenPlaceholders(value, { filled: filledAt.env }),
      ...wrongSetting(name, value),
    ]);
  }
  for (const [name, { value = "" }] of Object.entries(secrets)) {
    wrong(["secrets", name], [
      ...wrongPlaceholders(value, { ...of, filled: filledAt.secrets }),
      ...brokenPlaceholders(value, { filled: filledAt.secrets }),
    ]);
  }
  for (const [at, { content }] of files.entries()) {
    wrong(["files", at, "content"], wrongPlaceholders(content, { ...of, filled: filledAt.files }));
  }
  for (const [path, text] of literalTexts(said)) {
    wrong(path, wrongPlaceholders(text, { ...of, filled: [] }));
  }
  const asked = (["title", "text"] as const).find((key) => health[key] !== undefined);
  if (page.none !== undefined && asked !== undefined) {
    wrong(["page", "none"], [`opens no page, and "health.${asked}" says what one has to show`]);
  }
});
export type RecipeYml = z.infer<typeof recipeYml>;

/**
 * Texts in which no placeholder is filled in, though somebody may take them for such. Commands are not among them: braces
 * may belong to a program that they call, as in `jq '{domain}'`.
 */
function literalTexts(
  { health, page, ready }: Pick<RecipeYml, "health" | "page" | "ready">,
): [path: (string | number)[], text: string][] {
  const texts: [path: (string | number)[], text: string | undefined][] = [
    ...(["path", "title", "text"] as const).map((key) => [["health", key], health[key]] as const),
    ...(["path", "ready", "gone"] as const).map((key) => [["page", key], page[key]] as const),
    ...ready.map(({ path }, at) => [["ready", at, "path"], path] as const),
  ].map(([path, text]) => [[...path], text]);
  return texts.flatMap(([path, text]) => text === undefined ? [] : [[path, text]]);
}
