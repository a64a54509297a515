import { stringify } from "yaml";
import type { BrokenRecipe } from "./broken_recipes.ts";
import type { ComposeFile } from "./fixture_recipe.ts";

/** Makes the web server the container's own process. */
const serve = "exec nginx -g 'daemon off;'";

function app(compose: ComposeFile): Record<string, unknown> & { deploy: { labels: string[] } } {
  return compose.services.app as ReturnType<typeof app>;
}

/** A secret that a person has to give. The app starts with this value only where it has it at all. */
function withGivenSecret(compose: ComposeFile): void {
  compose.secrets = { given: { external: true, name: "${STACK_NAME}_given_${SECRET_GIVEN_VERSION}" } };
  app(compose).secrets = ["given"];
  app(compose).command = ["sh", "-c", `grep -qx sesame-open /run/secrets/given && ${serve}`];
}

/** An overlay with a secret that abra could make, shorter and of other characters than `recipe.yml` wants it. */
const moreSecrets = {
  version: "3.8",
  services: {
    app: {
      secrets: ["made"],
      environment: ["DRAWN=${DRAWN}", "ONLY=${ONLY:-}"],
      command: [
        "sh",
        "-c",
        [
          'grep -qEx "[0-9a-f]{40}" /run/secrets/made',
          "test $${#DRAWN} = 20",
          'test -z "$$ONLY"',
          "grep -qx sesame-open /run/secrets/given",
          serve,
        ].join(" && "),
      ],
    },
  },
  secrets: { made: { external: true, name: "${STACK_NAME}_made_${SECRET_MADE_VERSION}" } },
};

const GIVEN = "SECRET_GIVEN_VERSION=v1 # generate=false\n";

function withoutRouting(compose: ComposeFile): void {
  const { deploy } = app(compose);
  deploy.labels = deploy.labels.map((label) => label.replace("traefik.enable=true", "traefik.enable=false"));
}

const PAGES = "/usr/share/nginx/html";

/** Recipes at which abra does something of its own, and what a run has to make of that. */
export const abraRecipes: BrokenRecipe[] = [
  {
    name: "for abra: a lightweight tag beside the releases",
    recipe: { lightweight: ["0.1.1+1.22.1"] },
    stage: "upgrade",
    ends: "passed",
    result: "passed",
    cause: /^$/,
  },
  {
    name: "for abra: a published version that lint keeps from being deployed",
    recipe: { published: withoutRouting },
    stage: "upgrade",
    ends: "blocked",
    result: "passed",
    cause: /published version 0\.1\.0\+1\.22\.1, which does not install: abra refuses: .*R010/,
  },
  {
    name: "for abra: a secret that somebody has to give",
    recipe: { versions: [], compose: withGivenSecret, env: GIVEN },
    stage: "install",
    ends: "blocked",
    result: "infra",
    cause: /^secret "given" cannot be generated: declare it in recipe\.yml$/,
  },
  {
    name:
      "for abra: secrets and settings of recipe.yml, an overlay among them that the published version lacks",
    recipe: {
      published: withGivenSecret,
      publishedFiles: {
        ".env.sample": `TYPE=quick\n\nDOMAIN=quick.example.com\nLETS_ENCRYPT_ENV=production\n${GIVEN}`,
      },
      compose: withGivenSecret,
      files: { "compose.more.yml": stringify(moreSecrets) },
      env: `${GIVEN}SECRET_MADE_VERSION=v1 # length=12\nDRAWN=\n`,
    },
    enrolment: `repo: fixtures/quick
secrets:
  given: { value: sesame-open }
  made: { length: 40, charset: hex }
env:
  COMPOSE_FILE: compose.yml:compose.more.yml
  DRAWN: { generate: 20 }
  ONLY: { value: base-alone, only: base }
`,
    only: "all",
    stage: "upgrade",
    ends: "passed",
    result: "passed",
    cause: /^$/,
  },
  {
    name: "for abra: a command of POST_DEPLOY_CMDS without which nothing answers, and one for the upgrade",
    recipe: {
      publishedFiles: {
        "abra.sh":
          `init() {\n  echo "$1" > ${PAGES}/ready.html\n}\nmigrate() {\n  mv ${PAGES}/ready.html ${PAGES}/newer.html && cp ${PAGES}/newer.html ${PAGES}/ready.html\n}\n`,
        ".env.sample":
          'TYPE=quick\n\nDOMAIN=quick.example.com\nLETS_ENCRYPT_ENV=production\nPOST_DEPLOY_CMDS="app init well"\nPOST_UPGRADE_CMDS="app migrate"\n',
      },
    },
    enrolment: "repo: fixtures/quick\nhealth: { path: /ready.html }\n",
    stage: "upgrade",
    ends: "passed",
    result: "passed",
    cause: /^$/,
  },
  {
    name: "for abra: a command of POST_DEPLOY_CMDS that fails",
    recipe: {
      versions: [],
      files: { "abra.sh": "init() {\n  echo no room for an account\n  return 3\n}\n" },
      env: 'POST_DEPLOY_CMDS="app init"\n',
    },
    stage: "install",
    cause: /POST_DEPLOY_CMDS: "init" fails in service "app"/,
  },
];
