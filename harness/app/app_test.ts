import assert from "node:assert/strict";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { StageContext } from "../run/stage.ts";
import { Swarm } from "../swarm/swarm.ts";
import * as schema from "../swarm/schema.ts";
import { App, type AppOptions } from "./app.ts";

const STACK = "wiki-0a1b2c_ci_test";

/** An app of one service `worker`, which Swarm starts again so often, and of whose tasks these have ended. */
function scene(maxAttempts: number, ended: { state: string; exit: number }[]) {
  const swarm = new Swarm("/nowhere");
  const template = { RestartPolicy: { Condition: "on-failure", MaxAttempts: maxAttempts } };
  const spec = { Name: `${STACK}_worker`, TaskTemplate: template, Mode: { Replicated: { Replicas: 1 } } };
  swarm.services = () => Promise.resolve([schema.service.parse({ ID: "s", Spec: spec })]);
  swarm.tasks = () =>
    Promise.resolve(ended.map(({ state, exit }, at) =>
      schema.task.parse({
        ID: `t${at}`,
        ServiceID: "s",
        CreatedAt: "2026-01-01T00:00:00Z",
        DesiredState: "shutdown",
        Spec: template,
        Status: {
          Timestamp: "2026-01-01T00:00:09Z",
          State: state,
          Err: exit === 0 ? "" : `task: non-zero exit (${exit})`,
          ContainerStatus: { ContainerID: "", ExitCode: exit },
        },
      })
    ));
  swarm.containers = () => Promise.resolve([]);
  const app = new App({
    plan: { domain: "wiki-0a1b2c.ci.test", stack: STACK },
    enrolment: { extra_domains: [], secrets: {} } as unknown as Enrolment,
    swarm,
  } as unknown as AppOptions);
  const ctx = { blemish: () => {} } as unknown as StageContext;
  return () => app.stayedUp(ctx);
}

Deno.test("at the end of every stage a service that Swarm has given up is a failure, though the app had started", async () => {
  const fails = { state: "failed", exit: 3 };
  await assert.rejects(scene(1, [fails, fails]), {
    code: "converge.gave-up",
    message: /^Service "worker" has failed and may not be restarted: .*exit code 3$/,
  });
  await scene(3, [fails, fails])();
  await scene(1, [{ state: "complete", exit: 0 }])();
});
