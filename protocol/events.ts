import * as z from "zod";
import { runResult, stageName, stageReport } from "./result.ts";
import { recipeName, runName, subject } from "./params.ts";

const stamp = { t: z.iso.datetime() };

/** One line of a run's `events.ndjson`. Events are only ever appended; their position is their identity. */
export const runEvent = z.discriminatedUnion("type", [
  z.object({
    ...stamp,
    type: z.literal("run.started"),
    run: runName,
    recipe: recipeName,
    /**
     * What was asked for, known before anything is fetched, so that a terminal can name it at once. A branch that nobody
     * named is `HEAD` here.
     */
    subject,
    /** Stages this run will go through, in order of display. */
    stages: z.array(stageName),
  }),
  /** The commit under test and the version it is compared with are known, and with them what the subject is called. */
  z.object({
    ...stamp,
    type: z.literal("run.subject"),
    /**
     * What it turned out to be, for example a default branch by its name; results name this one. It is missing in stored
     * runs of older harnesses, whose results name the subject of `run.started`.
     */
    subject: subject.optional(),
    commit: z.string(),
    dirty: z.boolean(),
    base: z.string().nullable(),
    /** Why it is this version, or none. */
    baseReason: z.string().nullable().optional(),
  }),
  z.object({ ...stamp, type: z.literal("stage.started"), stage: stageName }),
  z.object({ ...stamp, type: z.literal("stage.finished"), report: stageReport }),
  /** One line of a stage's log, possibly with ANSI colours; secrets are redacted. */
  z.object({ ...stamp, type: z.literal("log"), stage: stageName, line: z.string() }),
  z.object({ ...stamp, type: z.literal("run.finished"), result: runResult }),
]);
export type RunEvent = z.infer<typeof runEvent>;
