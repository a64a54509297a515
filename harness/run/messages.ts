import * as z from "zod";
import { recipeName } from "../../protocol/params.ts";
import { runEvent } from "../../protocol/events.ts";
import { runResult, stageName } from "../../protocol/result.ts";
import { lanes } from "./names.ts";
import { runRequest } from "./request.ts";
import { storedSettings } from "./settings.ts";

/**
 * Messages from front to keeper, one JSON line each on the keeper's standard input. When that ends, the front is dead.
 */
export const frontMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("request"),
    request: runRequest,
    settings: storedSettings,
    /** Recipes that the recipe needs, each after those that it needs itself. */
    providers: z.array(
      z.object({ recipe: recipeName, warm: z.boolean(), extra_domains: z.array(z.string()) }),
    ),
  }),
  z.object({ type: z.literal("cancel"), why: z.string() }),
]);
export type FrontMessage = z.infer<typeof frontMessage>;

/** Why a run stops that a signal ended: only a dashboard may know who wanted that. */
export function toldToStop(signal: string): string {
  return `It was told to stop (${signal})`;
}

/** Messages from keeper to front, one JSON line each on the keeper's standard output. */
export const keeperMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: runEvent }),
  /** Something that people should know and that is no event of the run. */
  z.object({ type: z.literal("note"), text: z.string() }),
  z.object({
    type: z.literal("done"),
    result: runResult,
    /** Apps left up because `--keep` was given. */
    kept: z.array(z.object({ lane: z.enum(lanes), domain: z.string(), stack: z.string() })),
  }),
  /** No run took place. `usage` tells whether the request was the reason. */
  z.object({
    type: z.literal("refused"),
    message: z.string(),
    hint: z.string().optional(),
    usage: z.boolean(),
  }),
]);
export type KeeperMessage = z.infer<typeof keeperMessage>;

/** An image that a run has found or pulled. */
const usedImage = z.object({
  /** The engine's id. */
  id: z.string(),
  /** As the engine lists it. */
  name: z.string(),
  /** Id of what the engine had under this name before; null: nothing. */
  was: z.string().nullable(),
  /** The published version that runs it; null: none does. */
  published: z.string().nullable(),
});
export type UsedImage = z.infer<typeof usedImage>;

/** Messages from worker to keeper, one JSON line each on the worker's standard output. */
export const workerMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("event"), event: runEvent }),
  /** From now on the stage may take so many milliseconds. The keeper kills a worker that does not end it then. */
  z.object({ type: z.literal("deadline"), stage: stageName, ms: z.number() }),
  /** How many seconds `recipe.yml` asks for the whole run. */
  z.object({ type: z.literal("run-limit"), seconds: z.number() }),
  z.object({ type: z.literal("timed-out"), stage: stageName, ms: z.number() }),
  /** What stage upgrade works on from now on: a published version, or the head (null). */
  z.object({ type: z.literal("published"), version: z.string().nullable() }),
  z.object({
    type: z.literal("versions"),
    abra: z.string(),
    /** Whether somebody has told cc-ci what this version does. */
    abraTested: z.boolean(),
    abraStandIn: z.boolean(),
    docker: z.string(),
    browser: z.string(),
  }),
  z.object({ type: z.literal("imposed"), seconds: z.number() }),
  /** Images of the commit under test. They replace those of an earlier message. */
  z.object({ type: z.literal("images"), images: runResult.shape.images.unwrap() }),
  /** What the run found or pulled before it deployed. */
  z.object({ type: z.literal("pulls"), pulls: runResult.shape.pulls.unwrap() }),
  /** An image that the engine has for the run now. */
  z.object({ type: z.literal("image"), image: usedImage }),
  /** When a registry that limits this host may be asked again. */
  z.object({ type: z.literal("retry-at"), at: z.iso.datetime() }),
  /** How the page changed by the upgrade. */
  z.object({ type: z.literal("visual"), visual: runResult.shape.visual.unwrap().unwrap() }),
  /** What `recipe.yml` changes and cannot show. It replaces that of an earlier message. */
  z.object({
    type: z.literal("customised"),
    customised: runResult.shape.customised.unwrap(),
    gaps: runResult.shape.gaps.unwrap(),
  }),
  /** For the result's own list of notes. */
  z.object({ type: z.literal("note"), text: z.string() }),
  /** The backup bot is about to be asked for a backup: there may be snapshots from now on. */
  z.object({ type: z.literal("backup") }),
  /** Anonymous volumes of the run's containers. Nothing except this list leads back to them. */
  z.object({ type: z.literal("volumes"), names: z.array(z.string()) }),
  /** Every stage of the worker has ended. */
  z.object({ type: z.literal("end") }),
]);
export type WorkerMessage = z.infer<typeof workerMessage>;

/** Lines of a byte stream, the last one even if it has no line end. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Parses one line. @returns null for a line that is no message, as when a library prints something */
export function parseMessage<T extends z.ZodType>(schema: T, line: string): z.infer<T> | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
