import type { Clock } from "../../common/time.ts";
import type { WorkerMessage } from "../run/messages.ts";
import type { App } from "../app/app.ts";
import type { Browser } from "../browser/browser.ts";
import type { BackedUp } from "../recipe/backup_labels.ts";
import type { Compose } from "../recipe/compose.ts";
import type { Written } from "./data.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { RecipeRepo } from "../recipe/repo.ts";
import type { Redactor } from "../run/redact.ts";
import { testedCommit } from "../../wording/verdict.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import type { Lane } from "../run/names.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { PublishedVersion } from "../recipe/versions.ts";
import { StageBlocked } from "../run/stage.ts";

/** What the stages of one run share. Early stages fill in what later ones need. */
export interface RunContext {
  readonly plan: RunPlan;
  readonly folder: RunFolder;
  readonly swarm: Swarm;
  /** By which the run measures and waits. */
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Unlikely to be found in any app by chance; written before an upgrade, looked for after it. */
  readonly marker: string;
  /** Sends to the keeper, redacted. */
  readonly send: (message: WorkerMessage) => void;
  /** Starts the browser on first use. */
  readonly browser: () => Promise<Browser>;
  /** Makes the app of a lane. */
  readonly app: (lane: Lane) => App;
  /** Resolves when no app lives that the next deploy would be one too many beside. */
  room: Promise<void>;
  /** By fetch. */
  enrolment: Enrolment;
  repo: RecipeRepo | null;
  /** Version to upgrade from; null: never published. */
  base: PublishedVersion | null;
  /** By lint. */
  compose: { head: Compose | null; base: Compose | null };
  /** By backup: what was saved, and the markers among it. */
  saved: { parts: readonly BackedUp[]; written: readonly Written[] } | null;
  /** What keeps the recipe from being deployed at all, if anything. */
  undeployable: string | null;
  /** What keeps the published version, or the head over it, from being deployed, if anything. */
  baseObstacle: string | null;
  /** Seconds each lane's deploys are bound to take by the recipe's own settings. */
  readonly imposed: Record<Lane, number>;
}

/** What a stage needs from an earlier one. @throws {StageBlocked} when it is not there */
export function need<T>(value: T | null, by: string): T {
  if (value === null) throw new StageBlocked(by);
  return value;
}

/** The commit under test for people, `+U` with uncommitted changes. */
export function headName(run: RunContext): string {
  const { repo } = run;
  return (repo === null ? null : testedCommit({ commit: repo.head, dirty: repo.dirty })) ?? "head";
}
