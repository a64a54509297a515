import { sampleStage } from "../../protocol/testing/sample_result.ts";
import { commits, repo, World } from "./world.ts";

/** A world that has been watched for a while and has one pull request. */
export async function open(options: ConstructorParameters<typeof World>[0] = {}) {
  const world = new World(options);
  if (options.statuses === true) world.gitea.repos.push(repo, commits.first);
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(5);
  return { world, pull, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

export const allStages = [
  sampleStage({ name: "fetch" }),
  sampleStage({ name: "lint" }),
  sampleStage({ name: "install", proofs: ["answers at /"] }),
  sampleStage({ name: "upgrade", proofs: ["data read back"] }),
  sampleStage({ name: "teardown", proofs: ["nothing left"] }),
];

/** The harness passes, from the first stage to the last. */
export async function pass(world: World): Promise<void> {
  const run = await world.runStarted();
  world.dashboard.result(run, { result: "passed", stages: allStages });
  world.finish(run, "passed");
  await world.until("the verdict is reported", () => world.store.liveRuns().length === 0);
}
