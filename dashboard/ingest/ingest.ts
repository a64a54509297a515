import { type Context, Hono } from "hono";
import * as z from "zod";
import { plainWords } from "../../common/plain_text.ts";
import {
  announcement,
  artefactName,
  bridgeReport,
  HOST_HEADER,
  hostReport,
} from "../../protocol/dashboard_api.ts";
import { type RunEvent, runEvent } from "../../protocol/events.ts";
import { runName } from "../../protocol/params.ts";
import { artefactsOfRun, artefactType, isPicture } from "../model/artefact_types.ts";
import { hostWith, requireWriter } from "../model/auth.ts";
import { bodyChunks, bodyJson, bodyText, parseJson } from "./body.ts";
import type { Deps } from "../views/deps.ts";
import { DashboardError, Refusal } from "../model/errors.ts";
import { applyEvent } from "../model/progress.ts";
import { isActive, type Run } from "../model/run.ts";

const limits = { announcement: 64 * 1024, heartbeat: 16 * 1024, events: 8 * 1024 * 1024 };
const png = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The calls of bridge and harness. Everything that changes the dashboard's data goes through here. */
export function ingestRoutes(deps: Deps): Hono {
  const app = new Hono();

  app.put("/runs/:run", async (c) => {
    requireWriter(deps.tokens, { writer: "bridge", authorization: c.req.header("authorization") });
    const run = runName.safeParse(c.req.param("run"));
    if (!run.success) throw new Refusal(400, "The run's name is not of the form <id>-<attempt>");
    const body = await bodyJson(c.req.raw, { limit: limits.announcement, timeoutMs: deps.patienceMs });
    const said = plainWords(valid(announcement, body, "The announcement"));
    const created = deps.store.announce(run.data, said, { now: deps.clock.now() });
    wakeViewers(deps, run.data);
    return c.json({ url: `${deps.baseUrl}/runs/${run.data}` }, created ? 201 : 200);
  });

  app.put("/bridge", async (c) => {
    requireWriter(deps.tokens, { writer: "bridge", authorization: c.req.header("authorization") });
    const body = await bodyJson(c.req.raw, { limit: limits.announcement, timeoutMs: deps.patienceMs });
    const said = plainWords(valid(bridgeReport, body, "The report"));
    deps.store.recordBridge(said, { now: deps.clock.now() });
    return c.json({ url: `${deps.baseUrl}/status` });
  });

  app.post("/runs/:run/events", async (c) => {
    const { run } = reported(c, deps);
    const offset = z.coerce.number().int().nonnegative().safeParse(c.req.query("offset") || undefined);
    if (!offset.success) throw new Refusal(400, "The query needs offset=<number of events already sent>");
    const body = await bodyText(c.req.raw, { limit: limits.events, timeoutMs: deps.patienceMs });
    const known = appendEvents(deps, run, { offset: offset.data, body });
    return c.json({ offset: known });
  });

  app.post("/runs/:run/heartbeat", async (c) => {
    const { run, host } = reported(c, deps);
    const text = await bodyText(c.req.raw, { limit: limits.heartbeat, timeoutMs: deps.patienceMs });
    const now = deps.clock.now();
    if (text !== "") {
      deps.store.recordHost(host, plainWords(valid(hostReport, parseJson(text), "The report")), { now });
    }
    return c.json(deps.store.heartbeat(run, { now }));
  });

  app.put("/runs/:run/artefacts/:name", async (c) => {
    const { run } = reported(c, deps);
    const name = artefactName.safeParse(c.req.param("name"));
    if (!name.success) {
      throw new Refusal(
        400,
        "The artefact's name must be [a-z0-9._-] and end in png, html, json, ndjson, log or xml",
      );
    }
    const limit = Math.min(artefactType(name.data).limit, roomFor(deps, run, name.data));
    const chunks = bodyChunks(c.req.raw, { limit, timeoutMs: deps.patienceMs });
    await using draft = await deps.files.receive(run, isPicture(name.data) ? checkedPicture(chunks) : chunks);
    const bytes = draft.size;
    // Others may have come meanwhile. From here to the record nothing waits.
    if (bytes > roomFor(deps, run, name.data)) throw noRoom();
    draft.keep(name.data);
    deps.store.recordArtefact(run, { name: name.data, bytes, now: deps.clock.now() });
    wakeViewers(deps, run);
    return c.json({ url: `${deps.baseUrl}/runs/${run}/artefacts/${name.data}`, bytes }, 201);
  });

  return app;
}

/**
 * Bytes that an artefact of that name may have, so that all of the run keep within what a run may have.
 * @throws {Refusal} 413 when there is room for none
 */
function roomFor({ store }: Deps, run: string, name: string): number {
  const others = store.artefacts(run).filter((artefact) => artefact.name !== name);
  const left = artefactsOfRun.bytes - others.reduce((sum, artefact) => sum + artefact.bytes, 0);
  if (others.length >= artefactsOfRun.count || left <= 0) throw noRoom();
  return left;
}

function noRoom(): Refusal {
  return new Refusal(413, "This run has all the artefacts it may have");
}

/**
 * Adds events to a run. Events the dashboard has already are skipped, so that a sender who never saw the answer may
 * say it all again. From here to the end nothing waits: two requests cannot mix.
 * @returns the number of events stored
 */
function appendEvents(deps: Deps, run: string, sent: { offset: number; body: string }): number {
  const known = deps.store.find(run)?.events ?? 0;
  if (sent.offset > known) {
    throw new Refusal(409, `Expected events from number ${known} on`, { fields: { offset: known } });
  }
  const lines = sent.body.split("\n").filter((line) => line.trim() !== "").slice(known - sent.offset);
  if (lines.length === 0) return known;
  const events = lines.map((line, at) => parseEvent(line, { run, deps, number: known + at }));

  const at = { event: known, byte: deps.store.find(run)?.bytes ?? 0, lines: {} };
  const progress = deps.store.progressOf(run);
  at.lines = { ...progress.lines };
  for (const event of events) applyEvent(progress, event);
  const data = new TextEncoder().encode(lines.map((line) => `${line.trim()}\n`).join(""));
  if (at.byte + data.length > deps.logLimit) {
    throw new Refusal(413, `The log of this run would be longer than ${deps.logLimit} bytes`);
  }
  try {
    deps.files.append(run, { at: at.byte, data });
  } catch (error) {
    if (!(error instanceof DashboardError) || error.code !== "log.short") throw error;
    // The machine lost what was written last. The sender still has it.
    deps.store.forgetEvents(run);
    throw new Refusal(409, "Expected events from number 0 on", { fields: { offset: 0 }, cause: error });
  }
  const told = events.some((event) => event.type !== "log");
  const now = deps.clock.now();
  deps.store.recordBatch(run, { at, events: events.length, bytes: data.length, progress, told, now });
  wakeViewers(deps, run);
  return known + events.length;
}

function parseEvent(line: string, options: { run: string; deps: Deps; number: number }): RunEvent {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch (cause) {
    throw new Refusal(400, `Event ${options.number} is not JSON`, { cause });
  }
  const said = valid(runEvent, raw, `Event ${options.number}`);
  // A line of log keeps its colours, and is cleaned of the rest when it is shown.
  const event = said.type === "log" ? said : plainWords(said);
  const claims = event.type === "run.started" ? event : event.type === "run.finished" ? event.result : null;
  if (claims !== null) {
    const recipe = options.deps.store.find(options.run)?.recipe;
    if (claims.run !== options.run || claims.recipe !== recipe) {
      throw new Refusal(400, `Event ${options.number} belongs to run "${claims.run}" of "${claims.recipe}"`);
    }
  }
  return event;
}

function wakeViewers({ store, hub }: Deps, run: string): void {
  const known = store.find(run);
  hub.changed(run, { over: known === undefined || !isActive(known) });
}

/** What somebody said, if it has the right form. @throws {Refusal} 400 saying what is wrong with it */
function valid<T>(schema: z.ZodType<T>, said: unknown, what: string): T {
  const parsed = schema.safeParse(said);
  if (!parsed.success) throw new Refusal(400, `${what} is not valid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** Passes a picture on, if it is one. */
async function* checkedPicture(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: number[] | null = [];
  for await (const chunk of chunks) {
    if (head !== null) {
      head = [...head, ...chunk.subarray(0, png.length)].slice(0, png.length);
      if (head.some((byte, at) => byte !== png[at])) throw new Refusal(400, "The body is not a PNG picture");
      if (head.length === png.length) head = null;
    }
    yield chunk;
  }
  if (head !== null) throw new Refusal(400, "The body is not a PNG picture");
}

/**
 * The run a harness speaks of.
 * @throws {Refusal} 401 or 403 unless the token is that of the run's host, 404 unless the bridge announced the run
 */
function reported(c: Context, deps: Deps): Run & { host: string } {
  const token = requireWriter(deps.tokens, {
    writer: "runner",
    authorization: c.req.header("authorization"),
  });
  const name = runName.safeParse(c.req.param("run"));
  const run = name.success ? deps.store.find(name.data) : undefined;
  if (run === undefined) throw new Refusal(404, "No such run was announced");
  const host = hostWith(token, {
    said: c.req.header(HOST_HEADER),
    known: run.host,
    tokens: deps.tokens,
  });
  deps.store.claim(run, host);
  return { ...run, host };
}
