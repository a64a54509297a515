import * as z from "zod";
import { recipeName, runName, subject } from "./params.ts";
import { levelNumber, runOutcome, runResult, stageName, stageReport } from "./result.ts";

/**
 * What the dashboard is told and tells.
 *
 * | call | by | answer |
 * | --- | --- | --- |
 * | `PUT /api/runs/:run` body {@linkcode announcement} | bridge | 200/201 {@linkcode runUrl} |
 * | `PUT /api/bridge` body {@linkcode bridgeReport} | bridge | 200 {@linkcode runUrl} |
 * | `POST /api/runs/:run/events?offset=N` body NDJSON of run events, N = events already sent | harness | 200 {@linkcode eventOffset}; 409 with the offset expected |
 * | `POST /api/runs/:run/heartbeat` body {@linkcode hostReport} or nothing | harness | 200 {@linkcode heartbeatAnswer} |
 * | `PUT /api/runs/:run/artefacts/:name` body bytes | harness | 201 |
 * | `GET /api/runs/:run` | anybody | 200 {@linkcode runView}; 404 |
 * | `GET /api/runs?recipe=&before=&limit=` | anybody | 200 {@linkcode runList} |
 * | `GET /api/recipes` | anybody | 200 {@linkcode recipeList} |
 * | `GET /api/recipes/:recipe` | anybody | 200 {@linkcode recipeView}; 404 |
 * | `GET /api/queue` | anybody | 200 {@linkcode queueView} |
 * | `GET /api/status` | anybody | 200 {@linkcode statusView} |
 *
 * Writing calls carry `Authorization: Bearer <token>`: 401 without, 403 with the other program's token. A run that
 * was never announced answers 404 to the harness.
 */
export const announcement = z.object({
  recipe: recipeName,
  subject,
  commit: z.string(),
  /** State as the bridge sees it. The harness's own result is never overwritten by it. */
  state: z.enum([
    "queued",
    "running",
    "passed",
    "failed",
    "infra",
    "cancelled",
    "timed_out",
    "superseded",
    "expired",
  ]),
  /** Runs before this one; 0 when it is next. */
  position: z.number().int().nonnegative().default(0),
  /** Why the run ended without a result of the harness, one sentence. */
  cause: z.string().nullable().default(null),
  /** What else the run's page should say, one sentence: the forge does not take the run's comment, for example. */
  remark: z.string().nullable().default(null),
  /** Page of the pull request or commit on the forge. */
  link: z.url({ protocol: /^https?$/ }).nullable().default(null),
});
export type Announcement = z.infer<typeof announcement>;
/** Where a run stands, whoever said so: the bridge until the harness has a result. */
export type RunState = Announcement["state"];

/**
 * How the bridge is, for whoever runs it. Everybody can read that, so a text names no recipe; it is about `recipe`, and
 * shown only if that one is public, or about none.
 */
export const bridgeReport = z.object({
  troubles: z.array(z.object({
    /** One sentence without a final period. */
    text: z.string().max(500),
    recipe: recipeName.nullable(),
  })).max(50),
});
export type BridgeReport = z.infer<typeof bridgeReport>;

export const runUrl = z.object({ url: z.url() });
export const eventOffset = z.object({ offset: z.number().int().nonnegative() });

/** Header by which a harness names its host, for a dashboard whose hosts have one token together. */
export const HOST_HEADER = "cc-ci-host";
/** What people call a host. */
export const hostName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be a name such as ci-2");

/** What a run finds out once about its host, at some time while it goes on. Missing: it has not looked yet. */
export const hostFacts = z.object({
  /** Whether Docker gives the containers of runs their limits. */
  floor: z.boolean(),
  /** The host's abra. `tested`: somebody has told cc-ci what this version does. */
  abra: z.object({ version: z.string().max(100), tested: z.boolean() }),
  /** When the certificate ends with which the proxy there answers for an app's domain. */
  certificateEnds: z.iso.datetime(),
}).partial();
export type HostFacts = z.infer<typeof hostFacts>;

/** How the host of a harness is. What is stuck there is not named: it may be a private recipe's. */
export const hostReport = hostFacts.extend({
  /** Space left for runs, bytes; `null` where that cannot be told. */
  freeBytes: z.number().int().nonnegative().nullable(),
  /** Inodes left for runs; missing where the disks count none, and from older harnesses. */
  freeInodes: z.number().int().nonnegative().optional(),
  /** The latest pass of the janitor there. */
  janitor: z.object({
    at: z.iso.datetime(),
    /** Number of things that it could not remove. */
    stuck: z.number().int().nonnegative(),
    /** Number of images that it removed for want of room; missing: none. */
    images: z.number().int().nonnegative().optional(),
  }).nullable(),
});
export type HostReport = z.infer<typeof hostReport>;

export const heartbeatAnswer = z.object({
  cancel: z.boolean(),
  /** Why it is to stop, one sentence; `null` if nobody said. */
  why: z.string().nullable().default(null),
});

export const artefactName = z.string().regex(/^[a-z0-9][a-z0-9._-]*\.(png|html|json|ndjson|log|xml)$/).max(
  100,
);

/** A run as the API shows it. */
export const runView = z.object({
  run: runName,
  recipe: recipeName,
  subject,
  commit: z.string(),
  base: z.string().nullable(),
  state: z.union([announcement.shape.state, runOutcome]),
  position: z.number().int().nonnegative(),
  cause: z.string().nullable(),
  link: z.string().nullable(),
  /** What the bridge adds: the forge does not take the run's comment, for example. */
  remark: z.string().nullable().default(null),
  url: z.url(),
  announcedAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  /** When its harness was last heard of; missing from a dashboard that does not tell. */
  heardAt: z.iso.datetime().nullable().optional(),
  /** Stages the run goes through, those not reached yet without a report. */
  stages: z.array(z.object({ name: stageName, running: z.boolean(), report: stageReport.nullable() })),
  result: runResult.nullable(),
  artefacts: z.array(z.object({ name: z.string(), bytes: z.number().int(), url: z.url() })),
  /** Whether everybody may see the run and its artefacts. */
  shown: z.boolean().default(false),
});
export type RunView = z.infer<typeof runView>;

/** A run as lists of the API show it: without stages, result and artefacts, with what they come to. */
export const runSummary = runView.omit({ stages: true, result: true, artefacts: true, shown: true }).extend({
  dirty: z.boolean(),
  level: levelNumber.nullable(),
  /** Stage that decided a bad result. */
  stage: stageName.nullable(),
});
export type RunSummary = z.infer<typeof runSummary>;

export const runList = z.object({
  runs: z.array(runSummary),
  /** Address of the next page; `null` on the last one. */
  next: z.url().nullable(),
});

/** How a recipe stands. */
export const recipeView = z.object({
  recipe: recipeName,
  enrolled: z.boolean(),
  /** What kind of attention it needs. */
  health: z.enum(["fell", "broken", "trouble", "stale", "untested", "good"]),
  level: levelNumber.nullable(),
  /** The level is older than 30 days. */
  stale: z.boolean(),
  testedAt: z.iso.datetime().nullable(),
  badSince: z.iso.datetime().nullable(),
  /** The run that speaks for the recipe. */
  run: runSummary.nullable(),
  active: runSummary.nullable(),
  url: z.url(),
  badge: z.url(),
});
export type RecipeView = z.infer<typeof recipeView>;
export const recipeList = z.object({ recipes: z.array(recipeView) });

/** What runs, and what waits for its turn. Estimates are whole seconds, `null` where earlier runs tell nothing. */
export const queueView = z.object({
  running: z.array(z.object({
    run: runSummary,
    stages: z.array(stageName),
    secondsLeft: z.number().int().nonnegative().nullable(),
  })),
  /** In their order. */
  waiting: z.array(z.object({
    run: runSummary,
    secondsToStart: z.number().int().nonnegative().nullable(),
  })),
});
export type QueueView = z.infer<typeof queueView>;

/** Whether the CI itself is well. */
export const statusView = z.object({
  /** The dashboard's own start. */
  startedAt: z.iso.datetime(),
  /** What somebody should look at, in words; empty while all is well. */
  trouble: z.array(z.string()),
  hosts: z.array(z.object({
    name: z.string(),
    /** It tests something of a public recipe. */
    busy: z.boolean(),
    heardAt: z.iso.datetime().nullable(),
    /** Names of those of its runs that are public. */
    running: z.array(runName),
    /** What it last said of itself, and when. */
    report: hostReport.extend({ at: z.iso.datetime() }).nullable(),
  })),
  /** The bridge, once it has said how it is. */
  bridge: bridgeReport.extend({ heardAt: z.iso.datetime() }).nullable(),
  waiting: z.number().int().nonnegative(),
  /** Running runs nothing was heard of for two minutes. */
  silent: z.array(runName),
  /** Those of the newest 50 runs that left something behind. */
  untidy: z.array(runName),
  /** Newest run of a branch or tag. */
  scheduled: runSummary.nullable(),
  /** Bytes. */
  kept: z.object({ logs: z.number(), artefacts: z.number() }),
  freeBytes: z.number().nullable(),
  /** Inodes left where the dashboard keeps its own; missing where the disk counts none. */
  freeInodes: z.number().optional(),
});
export type StatusView = z.infer<typeof statusView>;

/** What every refused call of the API answers. */
export const apiError = z.looseObject({ error: z.string() });
