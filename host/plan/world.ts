import type { Action } from "./step.ts";
import type { SeenApp, SeenDrone, SeenLogins, SeenMade, SeenSwarm, SeenUnit, Services } from "./seen.ts";

/** A host as it shows itself and as it can be changed. */
export interface World {
  swarm(): Promise<SeenSwarm>;
  logins(options: { registry: string; host: string }): Promise<SeenLogins>;
  app(app: { recipe: string; domain: string }): Promise<SeenApp>;
  /** The services that a recipe comes to, at the version where its work tree stands, with these settings. */
  model(app: { recipe: string; domain: string; settings: string }): Promise<Services>;
  made(): Promise<SeenMade>;
  /** What is to be said against the abra of this host; null: nothing. */
  strangeAbra(): Promise<string | null>;
  /** Those of the ports on which somebody listens who is not a container of that stack, be it one that is ending. */
  takenPorts(ports: readonly number[], stack: string): Promise<number[]>;
  /** Why the forge does not answer; null: it does. */
  forgeTrouble(): Promise<string | null>;
  /** Why Docker gives containers no limits; null: it does. */
  floorTrouble(): Promise<string | null>;
  /** Free bytes at a path, or at the nearest folder above it. */
  freeBytes(path: string): Promise<number>;
  /** Units by their names; null where systemd does not run. */
  units(names: readonly string[]): Promise<Record<string, SeenUnit> | null>;
  drone(repository: string): Promise<SeenDrone>;
  /** @throws {HostError} when the host does not let it */
  act(action: Action): Promise<void>;
}
