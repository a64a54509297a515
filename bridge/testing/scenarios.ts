import { badGateway } from "./fake_answers.ts";
import { another, command, end, nth, watched } from "./steps.ts";
import { commits, repo, type World } from "./world.ts";

/** A disturbance, from the first comment until nothing is left to do. */
export interface Scenario {
  name: string;
  /** Whether runs go through Drone. */
  drone: boolean;
  /** Seconds between two looks for branches that moved, where nobody has to ask. */
  schedule?: number;
  /** Whether commits get statuses. */
  statuses?: boolean;
  /** Runs the engine may have at a time. */
  capacity?: number;
  play(world: World): Promise<void>;
  /** Our comments at the end, by the sign they begin with. */
  comments: string[];
  /** Runs that were started, attempts included. */
  starts: number;
  /** Runs that must have been seen at a time. @default 1, or 0 where none was started */
  atATime?: number;
}

export const scenarios: Scenario[] = [
  {
    name: "a push between comment and poll",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      world.clock.pass(60);
      command(world, pull);
      world.clock.pass(30);
      world.gitea.push(pull, commits.second);
      await world.until("it is refused", () => world.bodies().length === 1);
      await end(world);
    },
    comments: ["🚫"],
    starts: 0,
  },
  {
    name: "Drone creates the build and its answer is lost",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      let times = 0;
      const { drone } = world;
      if (drone !== null) {
        drone.fault = ({ method }) => method === "POST" && times++ === 0 ? "answer lost" : undefined;
      }
      command(world, pull);
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "Drone is away when the run's turn comes, and while it runs",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      const { drone } = world;
      const away = () => new Response("", { status: 502 });
      if (drone !== null) drone.fault = away;
      command(world, pull);
      await world.until("it waits", () => world.bodies().length === 1);
      await world.seconds(5);
      if (drone !== null) drone.fault = () => undefined;
      const run = await nth(world, 1);
      if (drone !== null) drone.fault = away;
      await world.seconds(3);
      if (drone !== null) drone.fault = () => undefined;
      world.finish(run, "failed");
      await end(world);
    },
    comments: ["❌"],
    starts: 1,
  },
  {
    name: "the runner dies, and the second attempt passes",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const first = await nth(world, 1);
      await world.until("the dashboard knows it", () => world.dashboard.runs.has(first));
      world.dashboard.heartbeat(first);
      const second = await nth(world, 2);
      world.finish(second, "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 2,
  },
  {
    name: "the runner dies before its harness is ever heard",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      await nth(world, 1);
      world.finish(await nth(world, 2), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 2,
  },
  {
    name: "the runner dies, and its harness comes to the end all the same",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      await world.until("the dashboard knows it", () => world.dashboard.runs.has(run));
      world.dashboard.heartbeat(run);
      world.dashboard.result(run, { result: "failed", stages: [] });
      await end(world);
    },
    comments: ["❌"],
    starts: 1,
  },
  {
    name: "a cancel that reaches neither harness nor runner at first",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      await nth(world, 1);
      command(world, pull, "!testme cancel");
      await end(world);
    },
    comments: ["⏹️"],
    starts: 1,
  },
  {
    name: "a newer command takes the place of a waiting one",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const { run } = await another(world);
      command(world, pull);
      await world.until("it waits", () => world.bodies().length === 2);
      command(world, pull);
      await world.until("the newer waits", () => world.bodies().length === 3);
      world.finish(run, "passed");
      world.finish(await nth(world, 2), "passed");
      await end(world);
    },
    comments: ["✅", "⏹️", "✅"],
    starts: 2,
  },
  ...[false, true].map((drone): Scenario => ({
    name: `two runs of one pull request, two of others, and two places${drone ? " at Drone" : ""}`,
    drone,
    capacity: 2,
    async play(world) {
      const pull = await watched(world);
      const others = [world.gitea.openPull(repo, commits.first), world.gitea.openPull(repo, commits.second)];
      await world.seconds(3);
      command(world, pull);
      await nth(world, 1);
      for (const one of [pull, ...others]) {
        command(world, one);
        await world.seconds(1);
      }
      await nth(world, 2);
      await world.seconds(5);
      for (const [ended, next] of [[1, 3], [2, 4], [3, null], [4, null]] as const) {
        world.finish(world.started()[ended - 1] ?? "", "passed");
        if (next !== null) await nth(world, next);
      }
      await end(world);
    },
    comments: ["✅", "✅", "✅", "✅"],
    starts: 4,
    atATime: 2,
  })),
  {
    name: "the commenter leaves the organisation while the run waits",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      const { run } = await another(world);
      command(world, pull);
      await world.until("it waits", () => world.bodies().length === 2);
      world.gitea.members.delete("maintainer");
      world.finish(run, "passed");
      await end(world);
    },
    comments: ["✅", "⏹️"],
    starts: 1,
  },
  {
    name: "the pull request is closed while its run runs",
    drone: true,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      pull.open = false;
      await world.until("it is told to stop", () => {
        const state = world.dashboard.runs.get(run)?.announcement.state;
        return state === "cancelled";
      });
      world.finish(run, "cancelled");
      await end(world);
    },
    comments: ["⏹️"],
    starts: 1,
  },
  {
    name: "the forge takes no edits while the verdict is ready",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      command(world, pull);
      const run = await nth(world, 1);
      world.gitea.fault = ({ method }) => method === "PATCH" ? badGateway() : undefined;
      world.finish(run, "passed");
      await world.seconds(25);
      world.gitea.fault = () => undefined;
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "two hours away, a command missed",
    drone: false,
    async play(world) {
      const pull = await watched(world);
      world.gitea.fault = () => "no answer";
      await world.seconds(2);
      command(world, pull);
      world.clock.pass(7200);
      world.restart();
      world.gitea.fault = () => undefined;
      world.finish(await nth(world, 1), "passed");
      await end(world);
    },
    comments: ["✅"],
    starts: 1,
  },
  {
    name: "a default branch moves twice, the second time while a command's run holds its first run up",
    drone: true,
    schedule: 20,
    async play(world) {
      world.gitea.repos.push(repo, commits.first);
      world.finish(await nth(world, 1), "passed");
      const pull = await watched(world);
      await end(world);
      command(world, pull);
      const run = await nth(world, 2);
      world.gitea.repos.push(repo, commits.second);
      await world.until("the branch waits", () => world.store.liveRuns().length === 2);
      world.gitea.repos.push(repo, "ba5eba1".padEnd(40, "0"));
      await world.seconds(25);
      world.finish(run, "passed");
      world.finish(await nth(world, 3), "failed");
      await end(world);
    },
    comments: ["✅"],
    starts: 3,
  },
  {
    name: "the forge takes a commit's status and its answer is lost",
    drone: false,
    statuses: true,
    async play(world) {
      const { gitea } = world;
      gitea.repos.push(repo, commits.second);
      const pull = await watched(world);
      const answers = ["answer lost", undefined, "no answer"] as const;
      let times = 0;
      gitea.fault = ({ method, path }) =>
        method === "POST" && path.includes("/statuses/") ? answers[times++] : undefined;
      command(world, pull);
      world.finish(await nth(world, 1), "failed");
      await end(world);
      await world.until("it is shown", () => gitea.repos.statuses.at(-1)?.status === "failure");
    },
    comments: ["❌"],
    starts: 1,
  },
];
