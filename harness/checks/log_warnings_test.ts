import assert from "node:assert/strict";
import * as schema from "../swarm/schema.ts";
import { Swarm } from "../swarm/swarm.ts";
import { countWarnings, warningsAmong } from "./log_warnings.ts";

Deno.test("lines that warn are known by their level, whichever logger wrote them", () => {
  const lines = [
    "2026/01/01 00:00:00 [warn] 1#1: conflicting server name",
    "level=warning msg=slow",
    '{"level":"WARN","msg":"slow"}',
    "WARNING: no password has been set",
    "level=info msg=forewarned",
    "all is well",
  ];
  assert.equal(warningsAmong(lines), 4);
});

const DEPLOYED = Date.parse("2026-01-01T00:01:00Z");

/** A container of a service, with the times of its lines of warning. */
interface Printed {
  service: string;
  lines: number[];
  /** Whether its task is of the version that the service has now. */
  current?: boolean;
}

/** So many lines of warning, printed so many milliseconds after the deploy. */
const warned = (count: number, ms = 1): number[] => Array(count).fill(DEPLOYED + ms);

/** What is said of an app whose containers print these warnings. */
async function blemishes(...printed: Printed[]): Promise<string[]> {
  const found: string[] = [];
  const names = [...new Set(printed.map(({ service }) => service))];
  const template = (image: string) => ({ ContainerSpec: { Image: image } });
  const swarm = new Swarm("/nowhere");
  swarm.services = () =>
    Promise.resolve(names.map((name) =>
      schema.service.parse({
        ID: name,
        Spec: { Name: `wiki_${name}`, TaskTemplate: template("x:2"), Mode: { Replicated: {} } },
      })
    ));
  swarm.tasks = () =>
    Promise.resolve(printed.map(({ service, current = true }, at) =>
      schema.task.parse({
        ID: `t${at}`,
        ServiceID: service,
        CreatedAt: "2026-01-01T00:00:00Z",
        DesiredState: current ? "running" : "shutdown",
        Spec: template(current ? "x:2" : "x:1"),
        Status: {
          Timestamp: "2026-01-01T00:00:01Z",
          State: current ? "running" : "shutdown",
          ContainerStatus: { ContainerID: `c${at}` },
        },
      })
    ));
  swarm.containers = () =>
    Promise.resolve(printed.map(({ service }, at) =>
      schema.container.parse({
        Id: `c${at}`,
        Labels: { "com.docker.swarm.service.name": `wiki_${service}` },
        State: "running",
        Status: "Up",
      })
    ));
  swarm.logs = (id, _lines, { since = 0 } = {}) =>
    Promise.resolve(
      (printed[Number(id.slice(1))]?.lines ?? []).filter((at) => at >= since).map(() => "WARN again"),
    );
  const ctx = { log: () => {}, blemish: (text: string) => void found.push(text) };
  await countWarnings({ swarm }, { app: { stack: "wiki", deployedAt: DEPLOYED }, ctx });
  return found;
}

Deno.test("more than a hundred lines of warning are a blemish, a hundred are none", async () => {
  assert.deepEqual(await blemishes({ service: "app", lines: warned(100) }), []);
  assert.deepEqual(
    await blemishes({ service: "app", lines: warned(60) }, { service: "db", lines: warned(41) }),
    ["More than 100 lines of warning by app, db"],
  );
  assert.deepEqual(await blemishes({ service: "app", lines: warned(101) }, { service: "db", lines: [] }), [
    "More than 100 lines of warning by app",
  ]);
});

Deno.test("what a published version has warned of is not held against the version that replaces it", async () => {
  assert.deepEqual(
    await blemishes({ service: "app", lines: warned(101), current: false }, { service: "app", lines: [] }),
    [],
    "its container is still there, and may print until it ends",
  );
  const kept = { service: "db", lines: [...warned(101, -1), ...warned(100)] };
  assert.deepEqual(await blemishes(kept), [], "the upgrade did not replace its container");
  assert.deepEqual(await blemishes({ ...kept, lines: warned(101) }), [
    "More than 100 lines of warning by db",
  ]);
});
