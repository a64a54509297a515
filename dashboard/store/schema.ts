/** Scripts that build the database, oldest first. One that has been released must never change. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    recipe TEXT NOT NULL,
    -- Who the run speaks for: a branch or tag is the recipe's public face, a pull request only its own.
    class TEXT NOT NULL CHECK (class IN ('public', 'pr', 'private')),
    subject TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    link TEXT,
    announced TEXT NOT NULL,
    announced_cause TEXT,
    position INTEGER NOT NULL,
    announced_at INTEGER NOT NULL,
    -- When the bridge said that the run is over.
    settled_at INTEGER,
    heartbeat_at INTEGER,
    -- What the columns above and the events together come to.
    state TEXT NOT NULL,
    level INTEGER,
    stage TEXT,
    cause TEXT,
    base TEXT,
    dirty INTEGER NOT NULL DEFAULT 0,
    started_at INTEGER,
    finished_at INTEGER,
    progress TEXT NOT NULL,
    events INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    thumbnail TEXT
  ) STRICT;
  CREATE INDEX runs_of_recipe ON runs (recipe, seq);
  CREATE INDEX runs_by_class ON runs (recipe, class, seq);
  CREATE INDEX runs_active ON runs (state) WHERE state IN ('queued', 'running');

  -- Where each batch of events begins in the run's log file, so that a reader need not start at its top.
  CREATE TABLE batches (
    seq INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
    first_event INTEGER NOT NULL,
    byte INTEGER NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (seq, first_event)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE artefacts (
    seq INTEGER NOT NULL REFERENCES runs (seq) ON DELETE CASCADE,
    name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    PRIMARY KEY (seq, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- When the log and the artefacts were packed; NULL again as soon as something is added.
  ALTER TABLE runs ADD COLUMN packed_at INTEGER;
  CREATE INDEX runs_to_pack ON runs (seq) WHERE packed_at IS NULL;
  `,
  `
  -- The runner host that reports the run: the first that said anything about it.
  ALTER TABLE runs ADD COLUMN host TEXT;
  `,
  `
  -- What status page and metrics add up, without reading every run's progress.
  CREATE INDEX runs_of_host ON runs (host, heartbeat_at) WHERE host IS NOT NULL;
  CREATE INDEX runs_by_size ON runs (bytes);
  CREATE INDEX runs_by_state ON runs (state);
  `,
  `
  -- What each runner host last said of itself, as JSON.
  CREATE TABLE host_reports (
    host TEXT NOT NULL PRIMARY KEY,
    report TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What the events of a run add up to is large and lists do not need it: rows of runs are short without it.
  CREATE TABLE progress (
    seq INTEGER PRIMARY KEY REFERENCES runs (seq) ON DELETE CASCADE,
    progress TEXT NOT NULL
  ) STRICT;
  INSERT INTO progress SELECT seq, progress FROM runs;

  -- What a recipe's page tells of many runs: [stage, outcome, seconds] of each stage that ended, as JSON, and whether
  -- it is known what the services used.
  ALTER TABLE runs ADD COLUMN stages TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE runs ADD COLUMN measured INTEGER NOT NULL DEFAULT 0;
  UPDATE runs SET
    stages = (
      SELECT json_group_array(json_array(
        json_extract(value, '$.name'), json_extract(value, '$.report.result'), json_extract(value, '$.report.seconds')
      )) FROM json_each(runs.progress, '$.stages') WHERE json_type(value, '$.report') = 'object'
    ),
    measured = EXISTS (
      SELECT 1 FROM json_each(runs.progress, '$.result.stages') WHERE json_array_length(value, '$.resources') > 0
    );
  ALTER TABLE runs DROP COLUMN progress;
  `,
  `
  -- What the bridge wants to be said on a run's page, and what it last said of itself, as JSON.
  ALTER TABLE runs ADD COLUMN remark TEXT;
  CREATE TABLE bridge_report (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    report TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  `,
];
