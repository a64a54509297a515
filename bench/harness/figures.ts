import { rounded } from "../figures.ts";

/** Seconds that the parts of one app's life took, by name, and the whole. */
export interface Lap {
  steps: Record<string, number>;
  total: number;
}

/** One run of the harness. */
export interface HarnessLap extends Lap {
  /** Seconds from the end of the last other stage until teardown was verified. */
  afterLast: number;
  /** Seconds that the recipe's own settings impose. */
  imposed: number;
  abraCalls: number;
  /** Peak of the harness' own processes together, pages they share counted once. */
  rssMb: number;
  /** The plain sum of their RSS at that moment. */
  rssSumMb: number;
  rssParts: Record<string, number>;
}

/** What was measured in one round, one after the other. */
export interface Round {
  plain: Lap;
  sameSteps: HarnessLap;
  oneLane: HarnessLap;
  twoLanes: HarnessLap;
}

export interface Ratios {
  ratio_same_steps: number;
  ratio_one_lane: number;
  ratio_two_lanes: number;
}

/** A stage of the harness, compared with the script's steps that do the same. */
export interface StageCost {
  stage: string;
  seconds: number;
  /** Seconds of the script; 0 where it does nothing of the kind. */
  plain: number;
  overhead: number;
}

/** Names are stable, for graphs over time. Seconds and MB; medians over the rounds, memory is the highest. */
export interface Figures extends Ratios {
  recipe: string;
  rounds: number;
  plain_s: number;
  /** The script without backup and restore: what `--only upgrade` does. */
  plain_same_steps_s: number;
  same_steps_s: number;
  one_lane_s: number;
  two_lanes_s: number;
  teardown_after_last_s: number;
  rss_mb: number;
  rss_sum_mb: number;
  rss_parts_mb: Record<string, number>;
  imposed_s: number;
  abra_calls: number;
  abra_call_s: number;
  stages: StageCost[];
}

const upToAnswers = ["new", "deploy", "converge", "answers"];

/** Steps of the script that a stage of the harness stands for. */
const counterparts: Record<string, string[]> = {
  install: upToAnswers,
  upgrade: [...upToAnswers, "marker", "upgrade_deploy", "upgrade_done", "upgrade_answers"],
  backup: ["backup"],
  restore: ["restore"],
  teardown: ["teardown"],
};

/** Sums up what the rounds showed. */
export function figuresOf(
  rounds: readonly Round[],
  measured: { recipe: string; abraCallS: number },
): Figures {
  const median = (pick: (round: Round) => number) => rounded(medianOf(rounds.map(pick)));
  const plain = median((round) => round.plain.total);
  const plainSame = median((round) => round.plain.total - sum(round.plain, ["backup", "restore"]));
  const heaviest = rounds.flatMap((round) => [round.sameSteps, round.oneLane, round.twoLanes])
    .reduce((most, lap) => lap.rssMb > most.rssMb ? lap : most);
  const seconds = {
    same: median((round) => round.sameSteps.total),
    one: median((round) => round.oneLane.total),
    two: median((round) => round.twoLanes.total),
  };
  const stages = Object.keys(rounds[0]?.oneLane.steps ?? {}).map((stage) => {
    const own = median((round) => round.oneLane.steps[stage] ?? 0);
    const script = median((round) => sum(round.plain, counterparts[stage] ?? []));
    return { stage, seconds: own, plain: script, overhead: rounded(own - script) };
  });
  return {
    recipe: measured.recipe,
    rounds: rounds.length,
    ratio_same_steps: rounded(seconds.same / plainSame),
    ratio_one_lane: rounded(seconds.one / plain),
    ratio_two_lanes: rounded(seconds.two / plain),
    plain_s: plain,
    plain_same_steps_s: plainSame,
    same_steps_s: seconds.same,
    one_lane_s: seconds.one,
    two_lanes_s: seconds.two,
    teardown_after_last_s: median((round) => round.twoLanes.afterLast),
    rss_mb: rounded(heaviest.rssMb),
    rss_sum_mb: rounded(heaviest.rssSumMb),
    rss_parts_mb: Object.fromEntries(Object.entries(heaviest.rssParts).map(([k, v]) => [k, rounded(v)])),
    imposed_s: median((round) => round.oneLane.imposed),
    abra_calls: median((round) => round.oneLane.abraCalls),
    abra_call_s: rounded(measured.abraCallS),
    stages,
  };
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

function sum(lap: Lap, steps: readonly string[]): number {
  return steps.reduce((total, step) => total + (lap.steps[step] ?? 0), 0);
}
