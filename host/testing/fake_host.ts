import { parseEnvFile, toEnvironment } from "../../common/env_file.ts";
import { setEnv } from "../../harness/recipe/env_file.ts";
import { stackOf } from "../../harness/run/names.ts";
import { HostError } from "../errors.ts";
import type {
  SeenApp,
  SeenDrone,
  SeenLogins,
  SeenMade,
  SeenSwarm,
  SeenUnit,
  Services,
} from "../plan/seen.ts";
import type { Action } from "../plan/step.ts";
import type { World } from "../plan/world.ts";

/** A recipe as its address has it. */
interface Published {
  versions: string[];
  sample: string;
  /** Services by the app's settings. */
  services(env: Record<string, string>, stack: string): Services;
  volumes: string[];
}

function service(over: Partial<Services[string]>): Services[string] {
  return { image: "", env: {}, labels: {}, secrets: [], configs: [], replicas: 1, ...over };
}

const recipes: Record<string, Published> = {
  traefik: {
    versions: ["2.1.0+v3.7.13", "2.0.0+v3.6.0"],
    sample:
      'TYPE=traefik\nDOMAIN=traefik.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\n' +
      "LOG_LEVEL=WARN\n",
    volumes: ["file-providers"],
    services: (env, stack) => ({
      app: service({
        image: "traefik:v3.7.13",
        env: { LOG_LEVEL: env.LOG_LEVEL ?? "" },
        labels: { "traefik.enable": "true" },
        secrets: env.WILDCARDS_ENABLED === "1"
          ? [
            `${stack}_ssl_cert_${env.SECRET_WILDCARD_CERT_VERSION}`,
            `${stack}_ssl_key_${env.SECRET_WILDCARD_KEY_VERSION}`,
          ]
          : [],
      }),
      "socket-proxy": service({ image: "socket-proxy:1.0" }),
    }),
  },
  drone: {
    versions: ["1.9.0+2.26.0"],
    sample: "TYPE=drone\nDOMAIN=drone.example.com\nLETS_ENCRYPT_ENV=production\n",
    volumes: ["data"],
    services: (env, stack) => ({
      app: service({
        image: "drone/drone:2.26.0",
        env: {
          DRONE_GITEA_SERVER: env.DRONE_GITEA_SERVER ?? "",
          DRONE_GITEA_CLIENT_ID: env.DRONE_GITEA_CLIENT_ID ?? "",
          DRONE_USER_CREATE: env.DRONE_USER_CREATE ?? "",
          DRONE_USER_FILTER: env.DRONE_USER_FILTER ?? "",
        },
        secrets: [
          `${stack}_client_secret_${env.SECRET_CLIENT_SECRET_VERSION}`,
          `${stack}_rpc_secret_${env.SECRET_RPC_SECRET_VERSION}`,
        ],
      }),
    }),
  },
  "backup-bot-two": {
    versions: ["2.3.0+2.3.0-beta"],
    sample: "TYPE=backup-bot-two\nCRON_SCHEDULE='30 3 * * *'\nRESTIC_REPOSITORY=/backups/restic\n",
    volumes: ["backups"],
    services: (env, stack) => ({
      app: service({
        image: "backup-bot-two:2.3.0-beta",
        env: { RESTIC_REPOSITORY: env.RESTIC_REPOSITORY ?? "" },
        labels: { "coop-cloud.backupbot.enabled": "true" },
        secrets: [`${stack}_restic_password_${env.SECRET_RESTIC_PASSWORD_VERSION}`],
      }),
    }),
  },
};

interface Stack {
  version: string;
  services: Services;
  starting: boolean;
}

/**
 * A host in memory. It shows itself in the shapes that Docker and abra have, and refuses what they refuse: a secret that
 * is there already, a deploy without its secrets, its network or its version.
 */
export class FakeHost implements World {
  engine: SeenSwarm = {
    state: "inactive",
    manager: false,
    nodes: 0,
    liveRestore: false,
    address: null,
    bridge: null,
    proxy: null,
    taken: [],
  };
  written: SeenLogins = { registry: null, git: null };
  files: SeenMade = { insideCa: null, names: null, namesOfHost: "127.0.0.1 localhost\n" };
  readonly clones = new Map<string, string | null>();
  readonly settings = new Map<string, string>();
  readonly secrets = new Map<string, string>();
  readonly stacks = new Map<string, Stack>();
  readonly volumes = new Map<string, Record<string, string>>();
  /** Passwords by which the repository of backups opens. */
  readonly keys: string[] = [];
  repository: Record<string, unknown> | null = { active: true, timeout: 60, visibility: "private" };
  taken: number[] = [];
  strange: string | null = null;
  forge: string | null = null;
  floor: string | null = null;
  free = 100 * 1024 ** 3;
  running: Record<string, SeenUnit> | null = null;
  /** Kinds of what was done, in order. */
  readonly done: Action["kind"][] = [];

  swarm = () => Promise.resolve(structuredClone(this.engine));
  logins = () => Promise.resolve({ ...this.written });
  made = () => Promise.resolve({ ...this.files });
  strangeAbra = () => Promise.resolve(this.strange);
  takenPorts = (ports: readonly number[]) =>
    Promise.resolve(ports.filter((port) => this.taken.includes(port)));
  forgeTrouble = () => Promise.resolve(this.forge);
  floorTrouble = () => Promise.resolve(this.floor);
  units = () => Promise.resolve(this.running);
  freeBytes = () => Promise.resolve(this.free);

  app({ recipe, domain }: { recipe: string; domain: string }): Promise<SeenApp> {
    if (this.engine.state !== "active") return Promise.reject(new Error("This node is not a swarm manager"));
    const stack = stackOf(domain);
    const there = this.stacks.get(stack);
    const at = this.clones.get(recipe);
    return Promise.resolve({
      recipe: at === undefined ? null : { versions: published(recipe).versions, at: at === null ? [] : [at] },
      settings: this.settings.get(domain) ?? null,
      sample: at === undefined ? "" : published(recipe).sample,
      // As in Docker, the version stands on the service "app", and goes with it.
      version: there?.services.app === undefined ? null : there.version,
      services: structuredClone(there?.services ?? {}),
      secrets: [...this.secrets.keys()].filter((name) => name.startsWith(`${stack}_`)),
      waitingFor: there?.starting ? "app 0/1 (starting)" : null,
      routes: structuredClone(this.volumes.get(`${stack}_file-providers`) ?? null),
    });
  }

  model(
    { recipe, domain, settings }: { recipe: string; domain: string; settings: string },
  ): Promise<Services> {
    return Promise.resolve(
      published(recipe).services(toEnvironment(parseEnvFile(settings)), stackOf(domain)),
    );
  }

  drone(): Promise<SeenDrone> {
    const stack = this.stacks.get("drone_ci_example_org");
    const healthy = stack?.services.app !== undefined && !stack.starting;
    return Promise.resolve({ healthy, repository: healthy ? structuredClone(this.repository) : null });
  }

  act(action: Action): Promise<void> {
    this.done.push(action.kind);
    this.#act(action);
    return Promise.resolve();
  }

  #act(action: Action): void {
    switch (action.kind) {
      case "remove-bridge":
        this.engine.bridge = null;
        return;
      case "make-bridge": {
        const { subnet, gateway, publish } = action;
        if (this.engine.bridge !== null) throw new Error("network with name docker_gwbridge already exists");
        this.engine.bridge = { subnet, gateway, publish, used: false };
        return;
      }
      case "init-swarm":
        this.engine = { ...this.engine, state: "active", manager: true, nodes: 1, address: action.address };
        // Swarm makes the bridge itself where it is missing, with addresses of its own choice.
        this.engine.bridge ??= { subnet: "172.19.0.0/16", gateway: "172.19.0.1", publish: null, used: true };
        this.engine.bridge.used = true;
        return;
      case "make-proxy-network":
        if (this.engine.state !== "active") throw new Error("This node is not a swarm manager");
        this.engine.proxy = { driver: "overlay", attachable: true };
        return;
      case "write-names":
        this.files.names = action.text;
        return;
      case "make-inside-certificate":
        this.files.insideCa = "PEM of an authority";
        return;
      case "log-in-to-registry":
        this.written.registry = action.auth;
        return;
      case "let-git-in":
        this.written.git = action.token;
        return;
      case "fetch-recipe": {
        const { versions } = published(action.recipe);
        if (action.version !== null && !versions.includes(action.version)) {
          throw new HostError("wrong", `no version "${action.version}"`, { hint: "Name another one." });
        }
        this.clones.set(action.recipe, action.version ?? versions[0] ?? null);
        return;
      }
      case "new-app":
        if (!this.clones.has(action.recipe)) throw new Error("recipe does not exist");
        this.settings.set(
          action.domain,
          setEnv(published(action.recipe).sample, { TYPE: `${action.recipe}:${action.version}` }),
        );
        return;
      case "write-settings":
        this.settings.set(action.domain, action.text);
        return;
      case "insert-secret": {
        const name = `${stackOf(action.domain)}_${action.name}_${action.version}`;
        if (!this.settings.has(action.domain)) throw new Error("app does not exist");
        if (this.secrets.has(name)) throw new Error(`secret ${name} already exists`);
        this.secrets.set(name, action.value);
        return;
      }
      case "deploy":
        return this.#deploy(action);
      case "wait": {
        const there = this.stacks.get(action.stack);
        if (there === undefined) throw new Error("nothing found in stack");
        there.starting = false;
        return;
      }
      case "write-route": {
        const files = this.volumes.get(`${action.stack}_file-providers`);
        if (files === undefined) throw new Error("no such volume");
        files[action.file] = action.text;
        return;
      }
      case "remove-secret": {
        const users = [...this.stacks.values()].flatMap(({ services }) => Object.values(services));
        if (users.some(({ secrets }) => secrets.includes(action.name))) {
          throw new Error(`secret ${action.name} is in use`);
        }
        this.secrets.delete(action.name);
        return;
      }
      case "wait-for-drone":
        return;
      case "set-repository":
        this.repository = { ...this.repository, ...action.values };
    }
  }

  #deploy({ domain, version, newKey }: Extract<Action, { kind: "deploy" }>): void {
    const text = this.settings.get(domain) ?? "";
    const env = toEnvironment(parseEnvFile(text));
    const recipe = (env.TYPE ?? "").split(":")[0] ?? "";
    const stack = stackOf(domain);
    if (this.engine.proxy === null) {
      throw new Error('network "proxy" is declared as external, but could not be found');
    }
    if (this.clones.get(recipe) !== version) throw new Error("the work tree is at another version");
    const services = published(recipe).services(env, stack);
    for (const name of Object.values(services).flatMap(({ secrets }) => secrets)) {
      if (!this.secrets.has(name)) throw new Error(`secret not generated: ${name}`);
    }
    if (recipe === "backup-bot-two") this.#openRepository({ services, stack, newKey });
    this.settings.set(domain, setEnv(text, { TYPE: `${recipe}:${version}` }));
    for (const one of Object.values(services)) one.labels[`coop-cloud.${stack}.version`] = version;
    for (const volume of published(recipe).volumes) {
      const name = `${stack}_${volume}`;
      if (!this.volumes.has(name)) this.volumes.set(name, {});
    }
    this.stacks.set(stack, { version, services, starting: true });
  }

  #openRepository(
    { services, stack, newKey }: { services: Services; stack: string; newKey: string | undefined },
  ): void {
    const runs = this.stacks.get(stack)?.services.app !== undefined;
    if (newKey !== undefined && runs && !this.keys.includes(newKey)) this.keys.push(newKey);
    const password = this.secrets.get(services.app?.secrets[0] ?? "") ?? "";
    if (this.keys.length === 0) this.keys.push(password);
    if (!this.keys.includes(password)) throw new Error("wrong password or no key found");
  }
}

function published(recipe: string): Published {
  const found = recipes[recipe];
  if (found === undefined) throw new Error(`recipe ${recipe} does not exist`);
  return found;
}
