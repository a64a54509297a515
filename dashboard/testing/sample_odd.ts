import type { Subject } from "../../protocol/params.ts";
import type { TestDashboard } from "./dashboard.ts";
import { good } from "./sample_stages.ts";
import { announcementOf, eventsOf, tell, type Told } from "./story.ts";

/** Words without a place to break at. */
const longImage = `ghcr.io/some-organisation/limesurvey@sha256:${"0123456789abcdef".repeat(4)}`;
const longBranch = `renovate/docker.io-martialblog-limesurvey-${"6.15.20-250930-apache-".repeat(4)}x`;

const src = "recipe-maintainers/limesurvey";
const main: Subject = { kind: "branch", name: "main", src };
const long: Subject = { kind: "branch", name: longBranch, src };
const recipe = "limesurvey";

/** Runs that ended in other ways than a verdict, and texts that are hard to fit. Newest last. */
export async function fillWithOddities(dashboard: TestDashboard): Promise<void> {
  const { clock } = dashboard;
  const ends: { told: Told; end: Parameters<typeof announcementOf>[1] }[] = [
    {
      told: { run: "brokenoff-1", recipe, subject: main, stages: good().slice(0, 3), unfinished: true },
      end: { state: "infra", cause: "nothing was heard of its machine for 90 s" },
    },
    {
      told: { run: "stopped01-1", recipe, subject: main, stages: good().slice(0, 4), unfinished: true },
      end: { state: "cancelled", cause: "somebody asked for it" },
    },
  ];
  for (const { told, end } of ends) {
    await dashboard.announce(told.run, announcementOf(told));
    const [began, ...others] = eventsOf(told, () => clock.iso(), (seconds) => clock.pass(seconds));
    const stages = good().map(({ name }) => name);
    await dashboard.events(told.run, { offset: 0, events: [{ ...began as object, stages }, ...others] });
    clock.pass(90);
    await dashboard.announce(told.run, announcementOf(told, end));
  }
  for (const state of ["superseded", "expired"] as const) {
    const run = `${state.slice(0, 7)}01-1`;
    await dashboard.announce(run, announcementOf({ recipe, subject: main }, { state }));
  }
  await tell(dashboard, {
    run: "toolong01-1",
    recipe,
    subject: main,
    base: "2.1.0+6.15.14",
    stages: good().map((stage) =>
      stage.name === "upgrade"
        ? { ...stage, result: "failed", cause: "the app was not healthy after 40 min", proofs: [] }
        : stage
    ),
    result: "timed_out",
    stage: "upgrade",
    cause: "a run may take 45 min",
    level: 1,
  });
  clock.pass(60);
  const cause = `Could not pull ${longImage}: manifest unknown`;
  await tell(dashboard, {
    run: "longtext1-1",
    recipe,
    subject: long,
    base: `2.1.0+${"6.15.14.".repeat(12)}0`,
    stages: good().map((stage) =>
      stage.name === "install"
        ? { ...stage, result: "failed", cause, detail: longImage, notes: [longImage], proofs: [longImage] }
        : stage.name === "upgrade"
        ? { name: "upgrade", result: "blocked", reason: longImage, tail: [longImage] }
        : stage.name === "backup"
        ? { ...stage, blemishes: [`Console: ${longImage}`], log: [longImage] }
        : stage
    ),
    result: "failed",
    stage: "install",
    cause,
    notes: [`Uses ${longImage}`],
    leftovers: [longImage],
    images: [{ service: "app", image: longImage, bytes: 5e8 }],
    level: 0,
  });
  clock.pass(30);
  await dashboard.announce(
    "longname1-1",
    announcementOf({ recipe, subject: long }, { state: "queued", position: 2 }),
  );
}
