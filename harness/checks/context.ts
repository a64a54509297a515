import type { Clock } from "../../common/time.ts";
import type { WorkerMessage } from "../run/messages.ts";
import type { App } from "../app/app.ts";
import type { Override } from "../app/override.ts";
import type { WatchedBrowser } from "../browser/browser.ts";
import type { BackedUp } from "../recipe/backup_labels.ts";
import type { Checked } from "../confinement/engine/mod.ts";
import type { Compose } from "../recipe/compose.ts";
import type { LookedAt } from "./check_tests.ts";
import type { Written } from "./data.ts";
import type { Obtained } from "../images/obtain.ts";
import type { Customisation } from "../../enrolment/customised.ts";
import type { Enrolment } from "../../enrolment/enrolment.ts";
import type { RecipeRepo } from "../recipe/repo.ts";
import type { Redactor } from "../run/redact.ts";
import { testedCommit } from "../../wording/verdict.ts";
import type { StageName } from "../../protocol/result.ts";
import type { RunFolder, RunPlan } from "../run/folder.ts";
import type { Lane } from "../run/names.ts";
import type { Swarm } from "../swarm/swarm.ts";
import type { PublishedVersion } from "../recipe/versions.ts";
import { StageBlocked, type StageContext } from "../run/stage.ts";

/** What the stages of one run share. */
export interface RunContext extends Progress {
  readonly plan: RunPlan;
  readonly folder: RunFolder;
  readonly swarm: Swarm;
  /** The clock by which the run measures and waits. */
  readonly clock: Clock;
  readonly redactor: Redactor;
  /**
   * A text that is unlikely to be in any app by chance. It is written before a backup or an upgrade, and looked for
   * afterwards.
   */
  readonly marker: string;
  /** Sends a message to the keeper, redacted. */
  readonly send: (message: WorkerMessage) => void;
  /** Starts the browser on first use. */
  readonly browser: () => Promise<WatchedBrowser>;
  /** The app of a lane; the first call makes the object, later calls return the same. */
  readonly app: (lane: Lane) => App;
  /** Domains of the apps that need this one, where it is a provider; null: it is the app under test. */
  readonly neededBy: readonly string[] | null;
  /**
   * Waits until the providers that the recipe needs are there, and what they hand over is part of the enrolment. The
   * first call has them deployed.
   * @throws {StageBlocked} naming the provider that is in trouble
   */
  readonly providers: (ctx: StageContext) => Promise<void>;
  /**
   * For a recipe of the forge, the fetch stage fills it in; before that it holds defaults. That stage also settles the
   * values that are made up for a run.
   */
  enrolment: Enrolment;
}

/** What a run comes to know and to do: early stages fill in what later ones need. */
export interface Progress {
  /** The provider that is being deployed; null: none is. */
  providing: string | null;
  /**
   * Resolves when the next app may be deployed: at once, or, if only one app may live, when the other lane's is gone.
   */
  room: Promise<void>;
  /** What the enrolment changes, filled in by the fetch stage. */
  customised: readonly Customisation[];
  /** Filled in by the fetch stage. */
  repo: RecipeRepo | null;
  /** Version to upgrade from, filled in by the fetch stage; null: there is none. */
  base: PublishedVersion | null;
  /** The run as the upgrades from further versions see it, see {@linkcode fromBase}; filled in by the fetch stage. */
  further: readonly RunContext[];
  /** What stands after the stage in the names of its pictures: nothing, or `-from-1.0.0-1.1` in a further upgrade. */
  readonly pictures: string;
  /** Filled in by the lint stage. */
  compose: { head: Compose | null; base: Compose | null };
  /**
   * The tests that the recipe's repository brings, and what was seen of them before anything was deployed; filled in by
   * the lint stage.
   */
  recipeTests: LookedAt | null;
  /** Whether the enrolment's tests need no other check of their types, filled in by the lint stage. */
  enrolledTestsChecked: boolean;
  /** Services that the app calls by bare names which every app of the recipe has, filled in by the lint stage. */
  readonly calledOnProxy: Set<string>;
  /**
   * What may be deployed, filled in by lint: the head as a new app, the published version, and the head over that.
   */
  checked: Record<"install" | "base" | "upgrade", Checked | null>;
  /** What `recipe.yml` lays over the compose files for each of these, filled in by lint; null: nothing. */
  overrides: Record<"install" | "base" | "upgrade", Override | null>;
  /** The images that may be deployed, filled in by the images stage. */
  readonly obtained: Obtained[];
  /** Tags that mean something else than in the last run that passed, a sentence each, filled in by the images stage. */
  readonly movedTags: string[];
  /** Filled in by the backup stage: what was saved, and the markers among it. */
  saved: { parts: readonly BackedUp[]; written: readonly Written[] } | null;
  /** When the install lane's app was restored, by the run's clock; null: it was not. */
  restoredAt: number | null;
  /** The word for what keeps the recipe from being deployed at all, filled in by lint; null: nothing does. */
  undeployable: string | null;
  /** The stage in which a lane's app used more than it may, or had what nobody checked, so that it was ended. */
  readonly exceeded: Map<Lane, StageName>;
  /**
   * What keeps the published version, or the head over it, from being deployed, filled in by lint; null: nothing does.
   */
  baseObstacle: string | null;
  /** Seconds that each lane's deploys are bound to take because of the recipe's own settings. */
  readonly imposed: Record<Lane, number>;
}

/** What is known and done as a run begins: nothing. */
export function nothingYet(): Progress {
  return {
    providing: null,
    room: Promise.resolve(),
    customised: [],
    repo: null,
    base: null,
    further: [],
    pictures: "",
    compose: { head: null, base: null },
    recipeTests: null,
    enrolledTestsChecked: false,
    calledOnProxy: new Set(),
    checked: { install: null, base: null, upgrade: null },
    overrides: { install: null, base: null, upgrade: null },
    obtained: [],
    movedTags: [],
    saved: null,
    restoredAt: null,
    undeployable: null,
    exceeded: new Map(),
    baseObstacle: null,
    imposed: { install: 0, upgrade: 0 },
  };
}

/** Tells the keeper which customisations stand in the result. */
export function sendCustomised(
  run: Pick<RunContext, "send" | "enrolment">,
  customised: readonly Customisation[],
): void {
  run.send({
    type: "customised",
    customised: customised.map(({ key, said }) => `${key}: ${said}`),
    gaps: run.enrolment.expected_gaps,
  });
}

/** Returns what a stage needs from an earlier one. @throws {StageBlocked} when that stage did not fill it in */
export function need<T>(value: T | null, by: string): T {
  if (value === null) throw new StageBlocked(by);
  return value;
}

/** The commit under test as people read it, with `+U` when uncommitted changes are part of it. */
export function headName(run: Pick<RunContext, "repo">): string {
  const { repo } = run;
  return (repo === null ? null : testedCommit({ commit: repo.head, dirty: repo.dirty })) ?? "head";
}
