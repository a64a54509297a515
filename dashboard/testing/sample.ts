import type { Subject } from "../../protocol/params.ts";
import type { TestDashboard } from "./dashboard.ts";
import { appPicture } from "./picture.ts";
import { announcementOf, eventsOf, tell, type Told, type ToldStage } from "./story.ts";

const DAY = 86_400;
const E = "\x1b[";

function good(version = "2.2.13"): ToldStage[] {
  return [
    { name: "fetch", seconds: 1.8, proofs: ["head is the announced commit", "4 published versions"] },
    { name: "lint", seconds: 0.3, proofs: ["compose parses", "nothing leaves its stack"] },
    {
      name: "install",
      seconds: 21.4,
      proofs: ["answers at /healthcheck", "page opened", "install_test.ts: 3 passed"],
      screenshots: ["install.png"],
      log: [
        `${E}2m$ abra app new miniflux -s default -D mini-3fa9c1.ci.localhost -n -o -C${E}0m`,
        `${E}32mINFO${E}0m app created`,
        `${E}2m$ abra app secret generate mini-3fa9c1.ci.localhost --all -m -n${E}0m`,
        `${E}2m$ abra app deploy mini-3fa9c1.ci.localhost -C -f -n -o -D -c${E}0m`,
        `${E}33mWARN${E}0m deploying with DNS round robin (dnsrr): this kernel has no IPVS`,
        "Creating network mini-3fa9c1_ci_localhost_internal",
        "Creating service mini-3fa9c1_ci_localhost_db",
        "Creating service mini-3fa9c1_ci_localhost_app",
        `app: ${version} starting, db: healthy after 4.2 s`,
        `${E}32m✓${E}0m 2 of 2 services healthy`,
        `${E}32m✓${E}0m https://mini-3fa9c1.ci.localhost/healthcheck 200, certificate verified`,
        `${E}1minstall_test.ts${E}0m ${E}32m3 passed${E}0m ${E}2m(1.9 s)${E}0m`,
      ],
    },
    {
      name: "upgrade",
      seconds: 26,
      proofs: ["2.1.0+2.2.12 to this commit", "UpdateStatus completed", "data read back"],
      screenshots: ["upgrade.png"],
      log: ["$ abra app deploy mini-b81e02.ci.localhost 2.1.0+2.2.12 -n -o -D", "feed marker-5d21 read back"],
    },
    { name: "teardown", seconds: 3.2, proofs: ["nothing left"] },
  ];
}

function losesData(): ToldStage[] {
  return good().map((stage): ToldStage =>
    stage.name !== "upgrade" ? stage : {
      name: "upgrade",
      result: "failed",
      seconds: 26.1,
      cause: "data written before the upgrade is gone",
      detail:
        "Wrote feed marker-5d21 at 2.1.0+2.2.12, upgraded to 3fa9c1b, read back: no such feed.\nThe volume miniflux_db is no longer mounted at /var/lib/postgresql/data (compose.yml, line 41).",
      screenshots: ["upgrade.png"],
      tail: [
        "2026-03-01 11:58:02 UTC [1] LOG:  database system is ready to accept connections",
        '2026-03-01 11:58:09 UTC [71] ERROR:  relation "feeds" does not exist at character 15',
        "2026-03-01 11:58:09 UTC [71] STATEMENT:  SELECT title FROM feeds WHERE title = $1",
      ],
      log: [
        `${E}2m$ abra app deploy mini-b81e02.ci.localhost 2.1.0+2.2.12 -n -o -D${E}0m`,
        `${E}32m✓${E}0m base 2.1.0+2.2.12 healthy after 11 s`,
        "seed: INSERT INTO feeds … marker-5d21",
        `${E}2m$ abra app deploy mini-b81e02.ci.localhost -C -f -n -o -D${E}0m`,
        "UpdateStatus: completed",
        `${E}1;31m✗${E}0m read: expected ${E}36mmarker-5d21${E}0m, got no rows`,
        `<script>alert("a recipe wrote this")</script> stays text`,
      ],
    }
  );
}

function src(recipe: string, kind: "main" | number): Subject {
  const repository = `recipe-maintainers/${recipe}`;
  return kind === "main"
    ? { kind: "branch", name: "main", src: repository }
    : { kind: "pr", pr: kind, src: repository };
}

/** Fills a dashboard with recipes in every state, as they would look after some weeks. */
export async function fillWithSample(dashboard: TestDashboard): Promise<void> {
  const now = dashboard.clock.now();
  let number = 0;
  const pictures = async (seed: number) => {
    const picture = await appPicture(seed);
    return { "install.png": picture, "upgrade.png": picture };
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
        base: "2.1.0+2.2.12",
        stages: bad && pr !== "main" ? losesData() : good(),
        ...(bad && pr !== "main"
          ? {
            result: "failed",
            stage: "upgrade",
            cause: "data written before the upgrade is gone",
            level: 1,
          } as const
          : { level: at > count - 2 ? 1 : 2 }),
      }, at === 1 || at === 2 ? seed : 0);
    }
  };

  dashboard.enrolled = ["keycloak", "miniflux", "custom-html", "wordpress"];
  for (const [at, recipe] of ["custom-html", "hedgedoc", "matrix-synapse", "ghost", "peertube"].entries()) {
    await history(recipe, 6 + at * 2, 2 + at, at + 2);
  }
  await history("wordpress", 5, 3, 9);
  await run(44, { recipe: "discourse", subject: src("discourse", "main"), stages: good(), level: 2 }, 12);
  await run(
    3,
    { recipe: "gitea", subject: src("gitea", 8), stages: good(), level: 2, base: "3.0.0+1.24.2" },
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
    level: 2,
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
      { name: "upgrade", result: "blocked", seconds: 0, reason: "install failed" },
      { name: "teardown", seconds: 4, proofs: ["nothing left"] },
    ],
    result: "failed",
    stage: "install",
    cause: "the service app never became healthy: exited with code 1 six times",
    level: 0,
  });
  await history("peertube", 2, 1, 6, 0.5);
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
    stages: [...good().slice(0, 4), {
      name: "tests",
      result: "skipped",
      seconds: 0,
      reason: "none in .cc-ci/",
    }, ...good().slice(4)],
    level: 2,
    abraStandIn: true,
    notes: ["This kernel has no IPVS: services were reached by DNS round robin"],
    files: { "report.html": "<h1>Report</h1>", "junit.xml": "<testsuites/>", "result.json": "{}" },
  }, 1);

  // Going on now: one run in its upgrade, two waiting behind it.
  dashboard.clock.set(now - 41_000);
  const live: Told = {
    run: "live0001-1",
    recipe: "wordpress",
    subject: src("wordpress", 17),
    commit: "9bd41c07aa52f4c0a9be1d6c8835c6c1a6f0e7d1",
    base: "2.1.0+2.2.12",
    link: "https://git.ci.localhost/recipe-maintainers/wordpress/pulls/17",
    stages: losesData().slice(0, 4).map((stage) => ({ ...stage, result: "passed" })),
    unfinished: true,
  };
  await dashboard.announce(live.run, announcementOf(live));
  const events = eventsOf(live, () => dashboard.clock.iso(), (seconds) => dashboard.clock.forward(seconds));
  await dashboard.events(live.run, { offset: 0, events });
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
