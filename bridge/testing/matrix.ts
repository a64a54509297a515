/** A disturbance that the whole of cc-ci must stand, and where that is shown. */
export interface MatrixRow {
  what: string;
  /** Names of the scenarios that play it in one process, on a forge, engine and dashboard with the real ones' manners. */
  played?: string[];
  /** Tests that show it, or the harness's part in it: the file, and a test's name as it stands there. */
  shown?: [file: string, test: string][];
}

const deaths = "e2e/deaths_test.ts";
const limits = "e2e/limits_test.ts";
const drone = "e2e/drone_engine_test.ts";
const loop = "e2e/loop_test.ts";
const janitor = "harness/cleanup/janitor_test.ts";

/** All of them; their place is their number. */
export const matrix: MatrixRow[] = [
  { what: "push between comment and poll", played: ["a push between comment and poll"] },
  {
    what: "force push while queued",
    played: ["a force push takes the commit away while its run waits"],
  },
  { what: "push while running", played: ["a push while the run runs"] },
  {
    what: "command by an edit",
    played: ["a command that comes into a comment by an edit"],
    shown: [[
      loop,
      "a comment edited into the command, in a quote or in code starts nothing, the edited one is told so",
    ]],
  },
  {
    what: "command that is none",
    played: ["commands in fences, quotes, code, links, headings, our own footer and 60 kB of text"],
    shown: [[
      "bridge/commands/command_test.ts",
      "parseCommand() never finds a command in a quote, a list or a fence",
    ]],
  },
  {
    what: "webhook and poll together, replayed",
    played: ["one comment by webhook twice at a time, by poll, and by webhook again"],
  },
  {
    what: "bridge killed around every effect",
    played: ["one command, undisturbed"],
    shown: [
      [
        "bridge/service/crash_test.ts",
        "the process killed before or after any of its effects, or with one under way",
      ],
      [loop, "the bridge killed in the middle of a run comes back to the same run"],
    ],
  },
  {
    what: "Drone's answer lost",
    played: ["Drone creates the build and its answer is lost"],
    shown: [[drone, "an answer that was lost is looked up before anything is sent again"]],
  },
  {
    what: "forge away while the verdict is ready",
    played: [
      "the forge answers 500 for ten minutes while the verdict is ready",
      "the forge takes no edits while the verdict is ready",
    ],
    shown: [[loop, "forge and dashboard away in the middle of a run"]],
  },
  { what: "429 with Retry-After", played: ["the forge says 429 and to come back in 120 s"] },
  {
    what: "token revoked, 303 on members",
    played: ["the token is revoked, and its user is no member any more, for a while"],
  },
  {
    what: "two hours away",
    played: ["two hours away, a command missed", "two hours away, five commands missed"],
  },
  {
    what: "clocks differ, same second, 60 at once",
    played: ["behind", "ahead"].map((side) =>
      `the forge's clock ${side} by five minutes, two commands in one second, 60 pull requests touched at once`
    ),
  },
  {
    what: "our comment edited, deleted",
    played: ["somebody rewrites our comment, then deletes it"],
    shown: [[
      "bridge/reports/verdict_guard_test.ts",
      "a verdict that was edited after the run's end is put right",
    ]],
  },
  {
    what: "two runs of a pull request end together",
    played: [
      "two runs of one pull request have their verdicts while the forge takes none",
      "two runs of one pull request, two of others, and two places",
      "two runs of one pull request, two of others, and two places at Drone",
    ],
  },
  {
    what: "Drone away at trigger and in a run",
    played: ["Drone is away when the run's turn comes, and while it runs"],
    shown: [[drone, "Drone's server goes and comes back in the middle of a run"]],
  },
  {
    what: "runner or host dies in a run",
    played: [
      "the runner dies, and the second attempt passes",
      "the runner dies before its harness is ever heard",
      "the runner dies, and its harness comes to the end all the same",
    ],
    shown: [
      [deaths, "SIGKILL of what started the run, as Drone does it, cancels it"],
      [drone, "what a dead runner left says it runs for ever"],
      ["e2e/engine_restart_test.ts", "Docker restarted in the middle of a run"],
    ],
  },
  {
    what: "cancel that does not arrive",
    played: ["a cancel that reaches neither harness nor runner at first"],
    shown: [["e2e/drone_test.ts", "a cancel reaches the harness through the dashboard"]],
  },
  {
    what: "test that hangs for ever",
    shown: [
      [limits, "a stage that hangs is ended at its deadline"],
      [limits, "a worker that is frozen is killed some time after its stage's deadline"],
    ],
  },
  {
    what: "teardown fails",
    shown: [
      ["e2e/broken_recipes.ts", "a volume that something else uses when it is torn down"],
      ["harness/cleanup/teardown_test.ts", "what does not go is named"],
    ],
  },
  {
    what: "janitor meets what is not its own",
    shown: [
      [deaths, "the janitor removes what a dead run left, and neither a live run's nor a stranger's things"],
      [janitor, "only what a dead run left is removed"],
    ],
  },
  {
    what: "janitor meets what cannot be removed",
    shown: [[janitor, "what cannot be removed is counted, and does not keep the rest from being removed"]],
  },
  {
    what: "disk full",
    played: ["the disk with the bridge's database is full for a minute"],
    shown: [[limits, "a disk that fills up while apps are up is the machine's trouble, and they go"]],
  },
  {
    what: "recipe that spies and floods",
    played: [
      "a run whose causes, logs and stages are full of markers, mentions, control bytes and 200 kB of text",
    ],
    shown: [["e2e/broken_test.ts", "recipes with a mistake fail in its stage and name it"]],
  },
  {
    what: "pull request or repository gone",
    played: [
      "the pull request is closed while its run runs",
      "the pull request's repository is deleted while its run waits",
    ],
  },
  {
    what: "commenter leaves while queued",
    played: ["the commenter leaves the organisation while the run waits"],
  },
  {
    what: "50 commands in a minute",
    played: ["fifty commands of a minute by one member, another pull request waiting"],
  },
  {
    what: "bad webhooks",
    played: ["webhooks that are not signed, signed by SHA-1, 20 MB long, or about another repository"],
    shown: [[
      "bridge/service/webhook_test.ts",
      "/hook refuses what is not signed with the secret by HMAC-SHA256",
    ]],
  },
];
