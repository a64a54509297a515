import type { Subject } from "../../protocol/params.ts";
import type { TestDashboard } from "./dashboard.ts";
import { appPicture } from "./picture.ts";
import { fillWithOddities } from "./sample_odd.ts";
import { E, good, images, losesData, untidy } from "./sample_stages.ts";
import { announcementOf, eventsOf, tell, type Told, type ToldStage } from "./story.ts";

const DAY = 86_400;
function src(recipe: string, kind: "main" | number): Subject {
  const repository = `recipe-maintainers/${recipe}`;
  return kind === "main"
    ? { kind: "branch", name: "main", src: repository }
    : { kind: "pr", pr: kind, src: repository };
}

/** Stages that took a little more or less than the other time. */
function paced(stages: ToldStage[], at: number): ToldStage[] {
  return stages.map((stage, number) => ({
    ...stage,
    seconds: Math.round(10 * (stage.seconds ?? 3) * (0.8 + ((at * 7 + number * 3) % 9) / 20)) / 10,
  }));
}

/** Fills a dashboard with recipes in every state, as they would look after some weeks. */
export async function fillWithSample(dashboard: TestDashboard): Promise<void> {
  const now = dashboard.clock.now();
  let number = 0;
  const visual = {
    before: "upgrade-before.png",
    after: "upgrade.png",
    difference: "upgrade-difference.png",
    changed: 0.0142,
  };
  const pictures = async (seed: number) => {
    const picture = await appPicture(seed);
    const names = ["install.png", "restore.png", "upgrade-before.png", "upgrade.png"];
    const all = Object.fromEntries(names.map((name) => [name, picture]));
    return {
      ...all,
      "upgrade-difference.png": await appPicture(seed, { width: 640, height: 400, plain: true }),
    };
  };
  const run = async (daysAgo: number, told: Omit<Told, "run">, seed = 0) => {
    dashboard.clock.set(now - daysAgo * DAY * 1000);
    const name = `r${(0xa1c3 + ++number * 7919).toString(16).padStart(7, "0")}-1`;
    const commit = (number * 2654435761 >>> 0).toString(16).padStart(8, "0").repeat(5);
    const kind = told.subject?.kind === "pr" ? told.subject.pr : null;
    const link = told.subject === undefined || told.subject.kind === "worktree"
      ? null
      : `https://git.ci.localhost/${told.subject.src}/${
        kind === null ? `commit/${commit}` : `pulls/${kind}`
      }`;
    await tell(dashboard, {
      commit,
      link,
      images,
      visual: seed > 0 && (told.result ?? "passed") === "passed" ? visual : null,
      ...told,
      run: name,
      ...(seed > 0 ? { pictures: await pictures(seed) } : {}),
    });
    return name;
  };
  const history = async (recipe: string, count: number, everyDays: number, seed: number, offset = 0.2) => {
    for (let at = count; at > 0; at--) {
      const pr = at % 3 === 1 ? 10 + at : "main";
      const bad = at % 5 === 3;
      await run(at * everyDays + offset, {
        recipe,
        subject: src(recipe, pr),
        base: at > count / 2 ? "2.0.3+2.2.9" : "2.1.0+2.2.12",
        stages: paced(bad && pr !== "main" ? losesData() : seed % 3 === 0 ? untidy() : good(), at),
        ...(bad && pr !== "main"
          ? {
            result: "failed",
            stage: "upgrade",
            cause: "data written before the upgrade is gone",
            level: 1,
          } as const
          : { level: at > count - 2 ? 1 : at > count - 4 ? 3 : seed % 3 === 0 ? 4 : 5 }),
      }, at === 1 || at === 2 ? seed : 0);
    }
  };

  dashboard.enrolled = ["keycloak", "miniflux", "custom-html", "wordpress"];
  for (const [at, recipe] of ["custom-html", "hedgedoc", "matrix-synapse", "ghost", "peertube"].entries()) {
    await history(recipe, 6 + at * 2, 2 + at, at + 2);
  }
  await history("wordpress", 5, 3, 9);
  await run(44, { recipe: "discourse", subject: src("discourse", "main"), stages: good(), level: 5 }, 12);
  await run(
    3,
    { recipe: "gitea", subject: src("gitea", 8), stages: good(), level: 5, base: "3.0.0+1.24.2" },
    14,
  );
  await history("nextcloud", 7, 4, 5, 4);
  await run(3.1, {
    recipe: "nextcloud",
    subject: src("nextcloud", "main"),
    base: "5.1.0+29.0.4",
    stages: losesData(),
    result: "failed",
    stage: "upgrade",
    cause: "data written before the upgrade is gone",
    level: 1,
  }, 5);
  await run(0.4, {
    recipe: "nextcloud",
    subject: src("nextcloud", 31),
    stages: good(),
    level: 5,
    base: "5.1.0+29.0.4",
  }, 5);
  await run(1.2, {
    recipe: "mastodon",
    subject: src("mastodon", "main"),
    stages: [
      ...good().slice(0, 2),
      {
        name: "install",
        result: "failed",
        seconds: 301,
        cause: "the service app never became healthy: exited with code 1 six times",
        tail: [
          "rake aborted!",
          "ActiveRecord::NoDatabaseError: We could not find your database: mastodon_production",
        ],
        log: ["app.1 exited (1)", "app.1 exited (1)", `${E}31mcrash loop: 6 exits in 40 s${E}0m`],
      },
      { name: "backup", result: "blocked", reason: "install failed" },
      { name: "restore", result: "blocked", reason: "install failed" },
      { name: "tests", result: "blocked", reason: "install failed" },
      { name: "upgrade", result: "blocked", seconds: 0, reason: "install failed" },
      { name: "teardown", seconds: 4, proofs: ["nothing left"] },
    ],
    result: "failed",
    stage: "install",
    cause: "the service app never became healthy: exited with code 1 six times",
    level: 0,
  });
  await run(1.5, {
    recipe: "peertube",
    subject: src("peertube", "main"),
    base: "2.1.0+2.2.12",
    stages: untidy().map((stage) =>
      stage.name === "tests" ? { ...stage, result: "failed", cause: "1 of 2 tests failed" } : stage
    ),
    result: "failed",
    stage: "tests",
    cause: "1 of 2 tests failed",
    level: 3,
  }, 6);
  await run(0.1, {
    recipe: "peertube",
    subject: src("peertube", "main"),
    stages: [{ name: "fetch", result: "infra", seconds: 30, cause: "the forge did not answer within 30 s" }, {
      name: "teardown",
      seconds: 0.2,
    }],
    result: "infra",
    stage: "fetch",
    cause: "the forge did not answer within 30 s",
    level: 0,
  });
  await history("miniflux", 9, 2, 1, 1);
  await run(0.3, {
    recipe: "miniflux",
    subject: src("miniflux", 12),
    base: "2.1.0+2.2.12",
    stages: good().map((stage) =>
      stage.name === "tests"
        ? { name: "tests", result: "skipped", seconds: 0, reason: "the recipe brings no tests" }
        : stage
    ),
    level: 5,
    abraStandIn: true,
    notes: ["This kernel has no IPVS: services were reached by DNS round robin"],
    files: { "report.html": "<h1>Report</h1>", "junit.xml": "<testsuites/>", "result.json": "{}" },
  }, 1);

  dashboard.clock.set(now - 0.5 * DAY * 1000);
  await fillWithOddities(dashboard);

  // Going on now: one run in its upgrade, two waiting behind it.
  dashboard.clock.set(now - 41_000);
  const live: Told = {
    run: "live0001-1",
    recipe: "wordpress",
    subject: src("wordpress", 17),
    commit: "9bd41c07aa52f4c0a9be1d6c8835c6c1a6f0e7d1",
    base: "2.1.0+2.2.12",
    link: "https://git.ci.localhost/recipe-maintainers/wordpress/pulls/17",
    stages: losesData().filter(({ name }) => name !== "tests" && name !== "teardown").map((stage) => ({
      ...stage,
      result: "passed",
    })),
    unfinished: true,
  };
  await dashboard.announce(live.run, announcementOf(live));
  const events = eventsOf(live, () => dashboard.clock.iso(), (seconds) => dashboard.clock.pass(seconds));
  await dashboard.events(live.run, { offset: 0, events });
  const janitor = { at: new Date(now - 65_000).toISOString(), stuck: 0 };
  await dashboard.heartbeat(live.run, {
    report: {
      freeBytes: 61_200_000_000,
      janitor,
      floor: true,
      abra: { version: "0.13.0-beta-06a57de", tested: true },
      certificateEnds: new Date(now + 61.5 * 24 * 3600_000).toISOString(),
    },
  });
  await dashboard.announce(
    "queued01-1",
    announcementOf({ recipe: "ghost", subject: src("ghost", 4) }, { state: "queued" }),
  );
  await dashboard.announce(
    "queued02-1",
    announcementOf({ recipe: "custom-html", subject: src("custom-html", "main") }, {
      state: "queued",
      position: 1,
    }),
  );
  dashboard.clock.set(now);
}
