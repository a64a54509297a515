import { systemClock } from "../../common/time.ts";
import { defaultEnrolment } from "../../enrolment/enrolment.ts";
import type { Checked } from "../../harness/confinement/engine/mod.ts";
import type { WorkerMessage } from "../../harness/run/messages.ts";
import { Redactor } from "../../harness/run/redact.ts";
import { storedSettings } from "../../harness/run/settings.ts";
import type { StageContext } from "../../harness/run/stage.ts";
import { selectStages } from "../../harness/run/stage_plan.ts";
import { type ImagesRun, imagesStage } from "../../harness/stages/images.ts";
import type { PullEngine } from "./pull_engine.ts";

/** How the stage ended, and what it told and left to later ones. */
export interface StageEnd {
  error: Error | null;
  notes: string[];
  proofs: string[];
  log: string[];
  messages: WorkerMessage[];
  run: ImagesRun;
}

/** Plays the stage for a head and a published version whose one service each run these images. */
export async function playImagesStage(
  engine: PullEngine,
  images: { head: string; base?: string; runs: string; seconds?: number; minFreeGb?: number },
): Promise<StageEnd> {
  const checked = (image: string) => ({ model: { services: { app: { image } } } }) as unknown as Checked;
  const messages: WorkerMessage[] = [];
  const settings = storedSettings.parse({
    BASE_DOMAIN: "ci.test",
    RUNS: images.runs,
    MIN_FREE_GB: images.minFreeGb ?? 0,
  });
  const run = {
    swarm: engine.swarm,
    send: (message: WorkerMessage) => void messages.push(message),
    redactor: new Redactor(),
    enrolment: defaultEnrolment("quick"),
    base: images.base === undefined ? null : { version: "1.0.0+1", commit: "0".repeat(40) },
    baseObstacle: null,
    compose: { head: null, base: {} },
    checked: {
      install: checked(images.head),
      upgrade: images.base === undefined ? null : checked(images.head),
      base: images.base === undefined ? null : checked(images.base),
    },
    obtained: [],
    further: [],
    overrides: { install: null, base: null, upgrade: null },
    movedTags: [],
    plan: { settings, apps: [], stages: selectStages(null), request: { recipe: "quick", run: "aaaaaa-1" } },
  } as unknown as ImagesRun;
  const end: StageEnd = { error: null, notes: [], proofs: [], log: [], messages, run };
  const ctx = {
    stage: "images",
    signal: new AbortController().signal,
    clock: systemClock,
    remaining: () => 1000 * (images.seconds ?? 60),
    log: (line: string) => void end.log.push(line),
    note: (text: string) => void end.notes.push(text),
    proof: (text: string) => void end.proofs.push(text),
  } as unknown as StageContext;
  await imagesStage(run, ctx).catch((error: Error) => void (end.error = error));
  return end;
}
