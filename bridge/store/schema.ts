/** Schema of `bridge.db`, as steps that are applied once each and never change after a release. */
export const migrations = [
  `
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE owners (name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;

CREATE TABLE commands (
  comment INTEGER PRIMARY KEY,
  repo TEXT NOT NULL,
  pr INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  login TEXT NOT NULL,
  written_at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  argument TEXT,
  state TEXT NOT NULL,
  reason TEXT,
  seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX commands_by_state ON commands (state, written_at);

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  attempt INTEGER NOT NULL,
  comment INTEGER NOT NULL UNIQUE REFERENCES commands (comment),
  recipe TEXT NOT NULL,
  repo TEXT NOT NULL,
  pr INTEGER NOT NULL,
  ref TEXT NOT NULL,
  login TEXT NOT NULL,
  state TEXT NOT NULL,
  outcome TEXT,
  cause TEXT,
  accepted_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  cancelled_by TEXT,
  announced TEXT,
  view TEXT,
  view_at INTEGER,
  settled INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_by_state ON runs (state, finished_at);
CREATE INDEX runs_by_pull ON runs (repo, pr);
CREATE INDEX runs_by_recipe ON runs (recipe, finished_at);

CREATE TABLE posts (
  key TEXT PRIMARY KEY,
  marker TEXT NOT NULL,
  repo TEXT NOT NULL,
  pr INTEGER NOT NULL,
  body TEXT NOT NULL,
  planned_at INTEGER NOT NULL,
  wanted_at INTEGER NOT NULL,
  final INTEGER NOT NULL DEFAULT 0,
  id INTEGER,
  delivered TEXT,
  delivered_at INTEGER,
  attempted INTEGER NOT NULL DEFAULT 0,
  recreated INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  error TEXT
) STRICT;
CREATE INDEX posts_undelivered ON posts (planned_at) WHERE dead = 0;
`,
  `
CREATE TABLE sweeps (repo TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;
`,
  `
ALTER TABLE runs ADD COLUMN stop TEXT;
ALTER TABLE runs ADD COLUMN trouble TEXT;
`,
  // Runs without a comment: those of branches.
  `
CREATE TABLE new_runs (
  id TEXT PRIMARY KEY,
  attempt INTEGER NOT NULL,
  comment INTEGER UNIQUE REFERENCES commands (comment),
  recipe TEXT NOT NULL,
  repo TEXT NOT NULL,
  pr INTEGER,
  branch TEXT,
  ref TEXT NOT NULL,
  login TEXT,
  state TEXT NOT NULL,
  outcome TEXT,
  cause TEXT,
  accepted_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  cancelled_by TEXT,
  announced TEXT,
  view TEXT,
  view_at INTEGER,
  settled INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0,
  stop TEXT,
  trouble TEXT,
  CHECK ((pr IS NULL) = (comment IS NULL) AND (pr IS NULL) = (login IS NULL) AND (pr IS NULL) <> (branch IS NULL))
) STRICT;
INSERT INTO new_runs (rowid, id, attempt, comment, recipe, repo, pr, ref, login, state, outcome, cause, accepted_at, started_at, finished_at,
  cancelled_by, announced, view, view_at, settled, complete, stop, trouble)
  SELECT rowid, id, attempt, comment, recipe, repo, pr, ref, login, state, outcome, cause, accepted_at, started_at, finished_at,
  cancelled_by, announced, view, view_at, settled, complete, stop, trouble FROM runs;
DROP TABLE runs;
ALTER TABLE new_runs RENAME TO runs;
CREATE INDEX runs_by_state ON runs (state, finished_at);
CREATE INDEX runs_by_pull ON runs (repo, pr);
CREATE INDEX runs_by_recipe ON runs (recipe, finished_at);

CREATE TABLE branches (
  repo TEXT PRIMARY KEY,
  head TEXT,
  ran_at INTEGER NOT NULL DEFAULT 0,
  looked_at INTEGER NOT NULL DEFAULT 0
) STRICT;
ALTER TABLE owners ADD COLUMN touched INTEGER;
`,
  `
CREATE TABLE statuses (
  repo TEXT NOT NULL,
  sha TEXT NOT NULL,
  run TEXT NOT NULL,
  wanted TEXT NOT NULL,
  wanted_at INTEGER NOT NULL,
  final INTEGER NOT NULL,
  attempted TEXT,
  delivered TEXT,
  tries INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  PRIMARY KEY (repo, sha)
) STRICT;
CREATE INDEX statuses_undelivered ON statuses (wanted_at) WHERE dead = 0 AND delivered IS NOT wanted;
CREATE INDEX statuses_by_run ON statuses (run) WHERE final = 0;
CREATE INDEX runs_by_commit ON runs (ref, repo);
`,
  // What is to be written is found without reading everything that ever was.
  `
ALTER TABLE runs ADD COLUMN outdated INTEGER NOT NULL DEFAULT 0;
CREATE INDEX runs_outdated ON runs (outdated) WHERE outdated = 1;
DROP INDEX posts_undelivered;
CREATE INDEX posts_undelivered ON posts (planned_at) WHERE dead = 0 AND delivered IS NOT body;
`,
  // Pull requests whose comments could not be read, so that the rest can go on.
  `
CREATE TABLE unread (
  repo TEXT NOT NULL,
  pr INTEGER NOT NULL,
  since INTEGER NOT NULL,
  failed_at INTEGER NOT NULL,
  PRIMARY KEY (repo, pr)
) STRICT;
`,
  // Calls whose answer nobody heard, and which may be carried out late.
  `
ALTER TABLE runs ADD COLUMN asked_at INTEGER;
ALTER TABLE runs ADD COLUMN turn_at INTEGER;
UPDATE runs SET asked_at = started_at, turn_at = started_at;
ALTER TABLE runs ADD COLUMN announce_again_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN unsure_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX posts_unsure ON posts (unsure_until) WHERE unsure_until > 0;
ALTER TABLE statuses ADD COLUMN unsure_until INTEGER NOT NULL DEFAULT 0;
CREATE INDEX statuses_unsure ON statuses (unsure_until) WHERE unsure_until > 0;
`,
  // Comments of ours that somebody else changes.
  `
ALTER TABLE posts ADD COLUMN repairs INTEGER NOT NULL DEFAULT 0;
CREATE INDEX posts_by_place ON posts (repo COLLATE NOCASE, planned_at);
`,
  // Where the engine shows a run.
  `
ALTER TABLE runs ADD COLUMN engine_page TEXT;
`,
  // A commit is called that everywhere.
  `
ALTER TABLE commands RENAME COLUMN argument TO "commit";
ALTER TABLE runs RENAME COLUMN ref TO "commit";
ALTER TABLE statuses RENAME COLUMN sha TO "commit";
ALTER TABLE branches RENAME COLUMN head TO "commit";
`,
];
