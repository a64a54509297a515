import { deepEqual } from "node:assert/strict";
import type { Swarm } from "../swarm/swarm.ts";
import { type ImageDefaults, imageDefaults, imageExcess } from "./image_defaults.ts";

const MS = 1_000_000;
const quiet: ImageDefaults = { interval: null, startInterval: 0, volumes: [] };

function messages(service: Record<string, unknown>, image: Partial<ImageDefaults>): string[] {
  const model = { services: { app: { image: "x:1", ...service } } };
  return imageExcess(model, new Map([["x:1", { ...quiet, ...image }]])).map(({ message }) => message);
}

Deno.test("an image's health check is held to the limits of a recipe's, unless the service has its own or none", () => {
  const often = { interval: MS };
  deepEqual(messages({}, often), [
    'Service "app" sets healthcheck.interval to "1000000ns", which is less than 1s',
    "All tasks together may come to more than 20 health checks a second",
  ]);
  deepEqual(messages({ healthcheck: { test: ["CMD", "x"] } }, often).length, 2);
  deepEqual(messages({}, { interval: 0, startInterval: 5 * MS }).length, 2);
  deepEqual(messages({ healthcheck: { interval: "30s" } }, often), []);
  deepEqual(messages({ healthcheck: { test: ["NONE"] } }, often), []);
  deepEqual(messages({ healthcheck: { disable: true } }, often), []);
  deepEqual(messages({}, { interval: 30_000 * MS }), []);
  deepEqual(messages({}, { interval: 0 }), []);
});

Deno.test("volumes that an image asks for count for each task, unless the service has something there", () => {
  const volumes = Array.from({ length: 10 }, (_, index) => `/v${index}`);
  deepEqual(messages({ deploy: { replicas: 6 } }, { volumes }), []);
  deepEqual(messages({ deploy: { replicas: 7 } }, { volumes }), [
    "There are 70 volumes without a name, more than 60",
  ]);
  const mounts = [{ type: "volume", source: "data", target: "/v0" }, { type: "tmpfs", target: "/v1" }];
  deepEqual(messages({ deploy: { replicas: 7 }, volumes: mounts }, { volumes }), []);
});

Deno.test("what an image asks for is read from the engine's record of it", async () => {
  const read = async (Config: unknown) => {
    const swarm = {
      docker: { getImage: () => ({ inspect: () => Promise.resolve({ Id: "one", Config }) }) },
      ask: async (_: string, look: () => Promise<unknown>, shape: { parse: (value: unknown) => unknown }) =>
        shape.parse(await look()),
    };
    return await imageDefaults(swarm as unknown as Swarm, "one");
  };
  deepEqual(await read(null), quiet);
  deepEqual(await read({ Volumes: { "/data": {} }, Healthcheck: { Test: ["CMD", "x"], Interval: 5 } }), {
    interval: 5,
    startInterval: 0,
    volumes: ["/data"],
  });
  deepEqual(await read({ Healthcheck: { Test: ["NONE"] }, Volumes: null }), quiet);
});
