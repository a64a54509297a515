import { stringify } from "yaml";
import { runCommandOk } from "../common/command.ts";

/** The parts of a compose file that the tests change. Anything else may be added. */
export interface ComposeFile {
  version: string;
  services: Record<string, Record<string, unknown>>;
  volumes?: Record<string, unknown>;
  networks?: Record<string, unknown>;
  configs?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
}

export interface FixtureOptions {
  /** Changes the compose file of the head, which lies one commit after the published versions. */
  compose?: (compose: ComposeFile) => void;
  /** Changes the compose file of the published versions. */
  published?: (compose: ComposeFile) => void;
  /** Text of compose.yml at the head instead of the changed one. */
  composeText?: string;
  /** More files of the published versions, by path. The head has them, too. */
  publishedFiles?: Record<string, string>;
  /** More files of the head, by path. */
  files?: Record<string, string>;
  /** Symbolic links of the head: path to target. */
  links?: Record<string, string>;
  /** More lines of `.env.sample` at the head. */
  env?: string;
  /** Published versions, oldest first. @default ["0.1.0+1.22.1"] */
  versions?: string[];
  /** Tags of the newest published commit that are not annotated. */
  lightweight?: string[];
}

/** A one-service recipe with health checks a second apart: as quick as a recipe can be tested. */
function quickCompose(version: string): ComposeFile {
  return {
    version: "3.8",
    services: {
      app: {
        image: "nginx:1.22.1",
        networks: ["proxy"],
        volumes: ["content:/usr/share/nginx/html"],
        healthcheck: {
          test: ["CMD", "curl", "-f", "http://localhost/"],
          interval: "1s",
          timeout: "5s",
          retries: 3,
        },
        deploy: {
          update_config: { failure_action: "rollback", order: "start-first", monitor: "1s" },
          labels: [
            "traefik.enable=true",
            "traefik.http.services.${STACK_NAME}.loadbalancer.server.port=80",
            "traefik.http.routers.${STACK_NAME}.rule=Host(`${DOMAIN}`)",
            "traefik.http.routers.${STACK_NAME}.entrypoints=web-secure",
            "traefik.http.routers.${STACK_NAME}.tls.certresolver=${LETS_ENCRYPT_ENV}",
            `coop-cloud.\${STACK_NAME}.version=${version}`,
            "backupbot.backup=true",
          ],
        },
      },
    },
    volumes: { content: null },
    networks: { proxy: { external: true } },
  };
}

/** A README with all that a clean recipe has to say of itself. */
const readme = `# Quick

<!-- metadata -->

- **Category**: Utilities
- **Status**: 0, a fixture
- **Image**: nginx
- **Healthcheck**: Yes
- **Backups**: Yes
- **Email**: No
- **Tests**: No
- **SSO**: No

<!-- endmetadata -->
`;

/**
 * Makes a recipe's git repository in an empty folder: a commit and an annotated tag for each published version,
 * then the head with the changes asked for.
 */
export async function makeRecipe(folder: string, options: FixtureOptions = {}): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const git = (...args: string[]) =>
    runCommandOk([
      "git",
      "-C",
      folder,
      "-c",
      "user.name=Fixture",
      "-c",
      "user.email=fixture@example.org",
      ...args,
    ]);
  const env = `TYPE=${folder.split("/").at(-1)}\n\nDOMAIN=quick.example.com\nLETS_ENCRYPT_ENV=production\n`;
  await git("init", "--quiet", "--initial-branch=main");
  await Deno.writeTextFile(`${folder}/README.md`, readme);
  await Deno.writeTextFile(`${folder}/abra.sh`, "");
  await Deno.writeTextFile(`${folder}/.env.sample`, env);
  await writeFiles(folder, options.publishedFiles);
  const versions = options.versions ?? ["0.1.0+1.22.1"];
  for (const version of versions) {
    const compose = quickCompose(version);
    options.published?.(compose);
    await Deno.writeTextFile(`${folder}/compose.yml`, stringify(compose));
    await git("add", "--all");
    await git("commit", "--quiet", "--message", `Publish ${version}`);
    await git("tag", "--annotate", version, "--message", version);
  }
  for (const name of options.lightweight ?? []) await git("tag", name);
  const head = quickCompose("0.2.0+1.22.1");
  head.services.app = { ...head.services.app, stop_grace_period: "5s" };
  options.compose?.(head);
  await Deno.writeTextFile(`${folder}/compose.yml`, options.composeText ?? stringify(head));
  if (options.env !== undefined) await Deno.writeTextFile(`${folder}/.env.sample`, env + options.env);
  await writeFiles(folder, options.files);
  for (const [path, target] of Object.entries(options.links ?? {})) {
    await Deno.remove(`${folder}/${path}`).catch(() => {});
    await Deno.symlink(target, `${folder}/${path}`);
  }
  await git("add", "--all");
  await git("commit", "--quiet", "--allow-empty", "--message", "Change the recipe");
  return folder;
}

async function writeFiles(folder: string, files: Record<string, string> = {}): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
}
