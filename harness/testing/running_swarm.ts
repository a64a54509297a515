import * as schema from "../swarm/schema.ts";
import { Swarm } from "../swarm/swarm.ts";

/** An engine with a stack of one service `app`, whose one task has been running for a minute. */
export class RunningSwarm extends Swarm {
  readonly #app: RunningApp;

  constructor(app: RunningApp) {
    super("/nowhere");
    this.#app = app;
  }

  override services(): Promise<schema.ServiceObject[]> {
    const { stack, labels = {} } = this.#app;
    const spec = {
      Name: `${stack}_app`,
      Labels: labels,
      TaskTemplate: {},
      Mode: { Replicated: { Replicas: 1 } },
    };
    return Promise.resolve([schema.service.parse({ ID: "s", Spec: spec })]);
  }

  override tasks(): Promise<schema.TaskObject[]> {
    const at = new Date(this.#app.now - 60_000).toISOString();
    const status = { Timestamp: at, State: "running", ContainerStatus: { ContainerID: "c" } };
    return Promise.resolve([
      schema.task.parse({
        ID: "t",
        CreatedAt: at,
        ServiceID: "s",
        DesiredState: "running",
        Spec: {},
        Status: status,
      }),
    ]);
  }

  override containers() {
    const { status = "Up 2 minutes (healthy)" } = this.#app;
    return Promise.resolve([schema.container.parse({ Id: "c", State: "running", Status: status })]);
  }
}

export interface RunningApp {
  stack: string;
  /** Milliseconds since the epoch. */
  now: number;
  labels?: Record<string, string>;
  /** What the engine says of the container. @default "Up 2 minutes (healthy)" */
  status?: string;
}
