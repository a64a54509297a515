import { commits, repo, type World } from "./world.ts";

/** A pull request, after a while in which the bridge watched it. */
export async function watched(world: World) {
  const pull = world.gitea.openPull(repo, commits.first);
  await world.seconds(3);
  return pull;
}

/** A member says something, a command as a rule. */
export function command(world: World, pull: Parameters<World["gitea"]["say"]>[0], body = "!testme"): void {
  world.gitea.say(pull, { user: "maintainer", body });
}

/** Waits for the run started as this many; its runner takes it. @returns its name */
export async function nth(world: World, count: number): Promise<string> {
  await world.until(`run ${count} starts`, () => world.started().length >= count);
  const run = world.started()[count - 1] ?? "";
  world.take(run);
  return run;
}

/** Lets the bridge come to rest. */
export async function end(world: World): Promise<void> {
  await world.until(
    "nothing is left to do",
    () => world.store.liveRuns().length === 0 && world.store.oldestUndelivered() === null,
  );
  // What a dead process had sent arrives, and is put right.
  await world.seconds(world.killAt?.when === "late" ? 20 : 6);
}

/** Another pull request's run holds the engine. */
export async function another(world: World): Promise<{ run: string }> {
  command(world, world.gitea.openPull(repo, commits.first));
  return { run: await nth(world, 1) };
}
