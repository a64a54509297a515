import * as z from "zod";
import { exec } from "../../common/exec.ts";
import type { ResourceUse, RunResult } from "../../protocol/result.ts";
import { followStats } from "../swarm/stats.ts";
import type { RunContext } from "./context.ts";
import { ServiceUse } from "./service_use.ts";
import { STACK_LABEL, type Swarm } from "../swarm/swarm.ts";
import { container as containerSchema, type ContainerObject } from "../swarm/schema.ts";

/** Pause between two looks for new containers. */
const LOOK_MS = 500;
/** Milliseconds by which measuring the disk may delay a stage at most. */
const LAST_LOOK_MS = 3_000;
const SERVICE_LABEL = "com.docker.swarm.service.name";

/** Whoever wants to know what a stack uses while that goes on. */
export interface Listeners {
  /**
   * Bytes that all of its containers hold together.
   * @param several services that have more than one container at the moment
   */
  memory: (bytes: number, several: readonly string[]) => void;
  /** How many of them run. */
  containers: (count: number) => void;
}

/**
 * Watches what the containers of one stack use, from its construction to `end()`. It never fails; what it could not
 * measure is missing from its report.
 */
export class Measurement {
  #listeners: Listeners;
  #swarm: Swarm;
  #stack: string;
  #use = new ServiceUse();
  /** Containers whose statistics are or were followed. */
  #known = new Set<string>();
  #stop = new AbortController();
  #timer: ReturnType<typeof setInterval>;
  #looking = false;

  constructor(swarm: Swarm, stack: string, listeners: Listeners) {
    this.#listeners = listeners;
    this.#swarm = swarm;
    this.#stack = stack;
    void this.#look({ worked: true });
    this.#timer = setInterval(() => void this.#look({ worked: false }), LOOK_MS);
  }

  async end(): Promise<ResourceUse[]> {
    clearInterval(this.#timer);
    this.#stop.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<Map<string, number | null>>((resolve) => {
      timer = setTimeout(() => resolve(new Map()), LAST_LOOK_MS);
    });
    const disk = await Promise.race([this.#disk().catch(() => new Map<string, number | null>()), late]);
    clearTimeout(timer);
    return this.#use.report(disk);
  }

  /** Starts to follow new containers, unless the look before is still going on. */
  async #look(work: { worked: boolean }): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const running = (await this.#swarm.containers(this.#stack)).filter((one) => one.State === "running");
      this.#listeners.containers(running.length);
      for (const one of running) {
        if (!this.#known.has(one.Id)) void this.#follow(one, work);
      }
    } catch {
      /* the next look may succeed */
    } finally {
      this.#looking = false;
    }
  }

  async #follow(container: ContainerObject, work: { worked: boolean }): Promise<void> {
    const id = container.Id;
    const service = this.#serviceOf(container);
    this.#known.add(id);
    await followStats(this.#swarm, id, {
      signal: this.#stop.signal,
      take: (stats) => {
        this.#use.add({ id, service, ...stats }, work);
        this.#listeners.memory(this.#use.heldNow(), this.#use.severalNow());
      },
    });
    this.#use.end(id);
  }

  /**
   * Bytes that each service has written, volumes included. A volume that several services mount counts for the first of
   * them.
   */
  async #disk(): Promise<Map<string, number | null>> {
    const filter = { size: true, filters: JSON.stringify({ label: [`${STACK_LABEL}=${this.#stack}`] }) };
    const list = () => this.#swarm.docker.listContainers(filter);
    const total = new Map<string, number | null>();
    const counted = new Set<string>();
    for (const one of await this.#swarm.ask("measure containers", list, z.array(sized))) {
      if (one.State !== "running") continue;
      const volumes = one.Mounts.filter(({ Type, Name }) => Type === "volume" && !counted.has(Name));
      for (const { Name } of volumes) counted.add(Name);
      const written = await sizeOf(volumes.map(({ Source }) => Source));
      const service = this.#serviceOf(one);
      const before = total.get(service) ?? 0;
      const unknown = written === null || total.get(service) === null;
      total.set(service, unknown ? null : before + one.SizeRw + written);
    }
    return total;
  }

  #serviceOf(container: ContainerObject): string {
    const name = container.Labels[SERVICE_LABEL] ?? "";
    const prefix = `${this.#stack}_`;
    return name.startsWith(prefix) ? name.slice(prefix.length) : name;
  }
}

const sized = containerSchema.extend({ SizeRw: z.number().default(0) });

/** Bytes below the folders; null where we are not allowed to look. */
async function sizeOf(folders: readonly string[]): Promise<number | null> {
  if (folders.length === 0) return 0;
  const result = await exec(["du", "-sx", "-B1", "--", ...folders], { timeoutMs: LAST_LOOK_MS });
  if (!result.success) return null;
  const sizes = result.stdout.trim().split("\n").map((line) => Number.parseInt(line));
  return sizes.some(Number.isNaN) ? null : sizes.reduce((sum, size) => sum + size, 0);
}

const image = z.object({ Size: z.number() });

/** Tells the keeper which images the stack uses now. Images that cannot be measured are left out. */
export async function reportImages(run: RunContext, stack: string): Promise<void> {
  const { swarm } = run;
  const images: RunResult["images"] = [];
  for (const { Spec } of await swarm.services(stack).catch(() => [])) {
    const name = Spec.TaskTemplate.ContainerSpec?.Image ?? "";
    const found = await swarm.ask("look at an image", () => swarm.docker.getImage(name).inspect(), image)
      .catch(() => null);
    if (found === null) continue;
    const service = Spec.Name.slice(stack.length + 1);
    images.push({ service, image: name.replace(/@sha256:.*$/, ""), bytes: found.Size });
  }
  if (images.length > 0) run.send({ type: "images", images });
}
