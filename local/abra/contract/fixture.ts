import { join } from "node:path";
import { runCommandOk } from "../../../common/command.ts";

/** The recipe the contract is checked with: two small services, a config, three volumes, two secrets, backup labels. */
export const RECIPE = "abra-contract";
/** What both of its services run. */
export const IMAGE = "nginx:1.22.1";
/** Characters of the secret that abra is to generate. */
export const SECRET_LENGTH = 20;
/** A release with a mistake that lint takes for an error: rule R010. */
export const UNROUTED_VERSION = "0.0.1+1.0.0";
export const OLD_VERSION = "0.1.0+1.0.0";
export const NEW_VERSION = "0.2.0+1.0.0";
/** A tag as lint rule R014 forbids it. */
export const LIGHTWEIGHT_VERSION = "0.3.0+1.0.0";
/** Branch whose compose file leaves a duration to interpolation. */
export const BAD_DURATION = "bad-duration";

function compose(version: string, { interval = "1s", routed = true } = {}): string {
  return `---
version: "3.8"
services:
  app:
    image: ${IMAGE}
    init: true
    stop_grace_period: 1s
    command: ["sleep", "3600"]
    secrets: [made, given]
    configs:
      - {source: greeting, target: /greeting}
    volumes: ["data:/data", "cache:/cache"]
    healthcheck:
      test: ["CMD-SHELL", "exit \${HEALTH_EXIT:-0}"]
      interval: ${interval}
      timeout: 5s
      retries: 100
    deploy:
      labels:
        - "coop-cloud.\${STACK_NAME}.version=${version}"
        - "coop-cloud.\${STACK_NAME}.timeout=\${TIMEOUT:-60}"
        - "traefik.enable=${routed}"
        - "contract.leak=\${CONTRACT_LEAK:-none}"
        - "backupbot.backup=true"
        - "backupbot.backup.volumes.cache=false"
        - "backupbot.backup.pre-hook=\${HOOK:-true}"
  side:
    image: ${IMAGE}
    init: true
    stop_grace_period: 1s
    command: ["sleep", "3600"]
    volumes: ["db:/db"]
    deploy:
      labels:
        coop-cloud.\${STACK_NAME}.timeout: "1"
        backupbot.backup.pre-hook: "sh -c 'test -s /db/live && cat /db/live | tee /db/dump'"
        backupbot.backup.post-hook: "rm /db/dump"
        backupbot.backup.volumes.db.path: "dump"
        backupbot.restore.pre-hook: "rm -f /db/live"
        backupbot.restore.post-hook: "mv /db/dump /db/live"
volumes:
  data:
  cache:
  db:
configs:
  greeting: {name: "\${STACK_NAME}_greeting_\${GREETING_VERSION}", file: greeting.txt}
secrets:
  made: {external: true, name: "\${STACK_NAME}_made_\${SECRET_MADE_VERSION}"}
  given: {external: true, name: "\${STACK_NAME}_given_\${SECRET_GIVEN_VERSION}"}
`;
}

const envSample = `TYPE=${RECIPE}

DOMAIN=${RECIPE}.example.com
LETS_ENCRYPT_ENV=
COMPOSE_FILE="compose.yml"
SECRET_MADE_VERSION=v1 # length=${SECRET_LENGTH} charset=hex
SECRET_GIVEN_VERSION=v1 # generate=false
`;

const FUNCTIONS = `greet() {
  echo "$1 from $APP_NAME on $TARGET"
}
fail() {
  return 3
}
note() {
  echo "$1" >> /cache/noted
}
`;

/** Makes the fixture's repository; `main` ends one commit after the newest release. */
export async function buildFixture(folder: string): Promise<void> {
  const git = (...args: string[]) => runCommandOk(["git", "-C", folder, ...args]);
  const commit = async (message: string, files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
    await git("add", "--all");
    await git("-c", "user.name=Contract", "-c", "user.email=contract@localhost", "commit", "-qm", message);
  };
  const tag = (name: string) =>
    git("-c", "user.name=Contract", "-c", "user.email=contract@localhost", "tag", "-a", "-m", name, name);
  await Deno.mkdir(folder, { recursive: true });
  await git("init", "--quiet", "--initial-branch=main");
  await commit("First", {
    "compose.yml": compose(UNROUTED_VERSION, { routed: false }),
    ".env.sample": envSample,
    "abra.sh": `export GREETING_VERSION=v1\n${FUNCTIONS}`,
    "greeting.txt": "hello\n",
    "README.md": `# ${RECIPE}\n`,
  });
  await tag(UNROUTED_VERSION);
  await commit("Routed", { "compose.yml": compose(OLD_VERSION) });
  await tag(OLD_VERSION);
  await commit("Second", { "compose.yml": compose(NEW_VERSION) });
  await tag(NEW_VERSION);
  await git("checkout", "-qb", BAD_DURATION);
  await commit("A duration left to interpolation", {
    "compose.yml": compose(NEW_VERSION, { interval: "${INTERVAL:-1s}" }),
  });
  await git("checkout", "-q", "main");
  await commit("Unreleased", {
    "abra.sh": `export GREETING_VERSION=v2\n${FUNCTIONS}`,
    "greeting.txt": "good day\n",
  });
}

/** Tags the unreleased head of the fixture the forbidden way. */
export async function addLightweightTag(folder: string): Promise<void> {
  await runCommandOk(["git", "-C", folder, "tag", LIGHTWEIGHT_VERSION, "main"]);
}
