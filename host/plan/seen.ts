/** What is there: the shapes in which a host shows itself. */

/** Docker's part below every app. */
export interface SeenSwarm {
  /** As the engine calls it, e.g. `active`, `inactive`, `pending`. */
  state: string;
  /** Whether this node decides for its Swarm. */
  manager: boolean;
  /** This node and others of its Swarm that take tasks, those that are away included, as far as this one is told. */
  nodes: number;
  /** Whether containers go on while Docker is restarted, which those of a Swarm cannot. */
  liveRestore: boolean;
  /** The node's address in its Swarm; null where it is in none. */
  address: string | null;
  /** The network `docker_gwbridge`; null where it is not there. */
  bridge: SeenBridge | null;
  /** Networks of that name `proxy`, by their driver; null where there is none. */
  proxy: { driver: string; attachable: boolean } | null;
  /** Addresses that are taken already, with the name of the network that has them. */
  taken: { name: string; subnet: string }[];
}

export interface SeenBridge {
  subnet: string;
  gateway: string;
  /** Where containers publish ports; null: everywhere. */
  publish: string | null;
  /** Whether containers other than Swarm's own gate are on it. */
  used: boolean;
}

/** The parts of a service that its recipe and its settings decide about. */
export interface ServiceShape {
  /** With its tag, without a digest. */
  image: string;
  env: Record<string, string>;
  labels: Record<string, string>;
  /** Names in Docker, sorted. */
  secrets: string[];
  configs: string[];
  /** Null for one that runs on every node. */
  replicas: number | null;
}
export type Services = Record<string, ServiceShape>;

/** An app of the host's own, as abra's folder and Docker show it. */
export interface SeenApp {
  /**
   * The recipe's work tree: its published versions, newest first, and those of them that it stands at, which are several
   * where one commit was published more than once. Null: not there.
   */
  recipe: { versions: string[]; at: string[] } | null;
  /** What its `.env` says; null: there is none. */
  settings: string | null;
  /** The recipe's sample where its work tree stands; empty without one. */
  sample: string;
  /** Version by the label of its main service; null: it is not deployed. */
  version: string | null;
  /** What Docker runs, by the services' names without the stack's. */
  services: Services;
  /** Names in Docker of the stack's secrets. */
  secrets: string[];
  /** Whether all of it runs; otherwise what it waits for. */
  waitingFor: string | null;
  /** Files of the volume that the proxy takes routes from, by name; null: there is no such volume. */
  routes: Record<string, string> | null;
}

/** The engine of runs as its API shows it. */
export interface SeenDrone {
  /** Whether `/healthz` answers through the proxy. */
  healthy: boolean;
  /** Null: it does not know that repository. */
  repository: Record<string, unknown> | null;
}

/** What the host's program has made for other programs, and what it makes it of. */
export interface SeenMade {
  /** PEM of the authority that Traefik believes of the services behind it; null: their certificate is missing or ends. */
  insideCa: string | null;
  /** What the file says by which the runner knows names; null: there is none. */
  names: string | null;
  /** The file by which the host itself knows names. */
  namesOfHost: string;
}

/** A unit as systemd shows it. */
export interface SeenUnit {
  /** Whether there is a file of it. */
  loaded: boolean;
  /** As systemd calls it: `active`, `activating`, `failed`, `inactive` and others, and what is beneath, such as `auto-restart`. */
  state: string;
  detail: string;
  /** Seconds for which it has been up, where it is. */
  upFor: number;
}

/** Log-ins of the host itself. */
export interface SeenLogins {
  /** Value of the registry's entry in Docker's configuration; null: none. */
  registry: string | null;
  /** What git says to the forge; null: nothing. */
  git: string | null;
}
