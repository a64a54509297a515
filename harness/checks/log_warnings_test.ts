import assert from "node:assert/strict";
import type { Swarm } from "../swarm/swarm.ts";
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

/** What is said of an app whose two services print so many warnings. */
async function blemishes(app: number, db: number): Promise<string[]> {
  const found: string[] = [];
  const container = (service: string) => ({
    Id: service,
    Labels: { "com.docker.swarm.service.name": `wiki_${service}` },
  });
  const swarm = {
    containers: () => Promise.resolve([container("app"), container("db")]),
    logs: (id: string) => Promise.resolve(Array(id === "app" ? app : db).fill("WARN again")),
  } as unknown as Swarm;
  const ctx = { log: () => {}, blemish: (text: string) => void found.push(text) };
  await countWarnings({ swarm }, { app: { stack: "wiki" }, ctx });
  return found;
}

Deno.test("more than a hundred lines of warning are a blemish, a hundred are none", async () => {
  assert.deepEqual(await blemishes(100, 0), []);
  assert.deepEqual(await blemishes(60, 41), ["More than 100 lines of warning by app, db"]);
  assert.deepEqual(await blemishes(101, 0), ["More than 100 lines of warning by app"]);
});
