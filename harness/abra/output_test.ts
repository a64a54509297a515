import assert from "node:assert/strict";
import {
  botReason,
  failedHooks,
  isBeingReplaced,
  parseCheck,
  parseLint,
  parseSecrets,
  parseSnapshots,
  plainBotLine,
  refusal,
} from "./output.ts";

Deno.test("snapshots are found among other lines, oldest first", () => {
  const lines = [
    "INFO looking for snapshots of note-0a1b2c.ci.test",
    "2026-05-04T03:30:11.123456+02:00 4f2a91c7d0",
    "2026-05-03 05:30:11.5 +0200 0123abcd",
    "WARN nothing else",
  ];
  assert.deepEqual(parseSnapshots(lines), [
    { id: "0123abcd", time: Date.UTC(2026, 4, 3, 3, 30, 11, 500) },
    { id: "4f2a91c7d0", time: Date.UTC(2026, 4, 4, 1, 30, 11, 123) },
  ]);
  assert.deepEqual(parseSnapshots(["No Snapshots found for app 2026-05-04T03:30:11Z"]), []);
});

Deno.test("lint's table is read, whatever it is drawn with", () => {
  const lines = [
    "┏━━━━━━┳━━━━━━┓",
    "┃ REF  ┃ RULE              ┃ SEVERITY ┃ SATISFIED ┃ SKIPPED ┃ HOW TO FIX ┃",
    "┣━━━━━━╋━━━━━━┫",
    "┃ R001 ┃ compose config    ┃ warn     ┃ ✅        ┃ -       ┃ ensure     ┃",
    "┃      ┃ has version       ┃          ┃           ┃         ┃ 3.8        ┃",
    "┃ R014 ┃ only annotated    ┃ error    ┃ ❌        ┃ -       ┃ tag again  ┃",
    "┗━━━━━━┻━━━━━━┛",
    "WARN critical errors present in quick config",
  ];
  const expected = [
    {
      rule: "R001",
      description: "compose config has version",
      severity: "warning",
      satisfied: true,
      skipped: false,
      help: "ensure 3.8",
    },
    {
      rule: "R014",
      description: "only annotated",
      severity: "error",
      satisfied: false,
      skipped: false,
      help: "tag again",
    },
  ];
  assert.deepEqual(parseLint(lines), expected);
  assert.deepEqual(parseLint(lines.map((line) => line.replaceAll("┃", "|"))), expected);
  assert.deepEqual(parseLint(["FATA unable to validate recipe"]), []);
});

Deno.test("cells that were broken are joined, heads and words with hyphens as well", () => {
  const lines = [
    "WARN a | b | c, which is no table",
    "┏━━━━━━┳━━━━━━┓",
    "┃ REF  ┃ RULE         ┃ SEVERITY ┃ SATISFIED ┃ SKIPPED ┃ HOW TO    ┃",
    "┃      ┃              ┃          ┃           ┃         ┃ FIX       ┃",
    "┣━━━━━━╋━━━━━━┫",
    "┃ R005 ┃ tags use     ┃ warn     ┃ ❌        ┃ -       ┃ write a | ┃",
    "WARN a line of the log between the rows",
    "┃      ┃ semver-      ┃          ┃           ┃         ┃ b         ┃",
    "┃      ┃ like format  ┃          ┃           ┃         ┃           ┃",
    "┣━━━━━━╋━━━━━━┫",
    "┃ R006 ┃ published    ┃ warn     ┃ -         ┃ ✅      ┃ publish   ┃",
    "┗━━━━━━┻━━━━━━┛",
  ];
  assert.deepEqual(
    parseLint(lines).map(({ rule, description, skipped, help }) => [rule, description, skipped, help]),
    [
      ["R005", "tags use semver-like format", false, "write a | b"],
      ["R006", "published", true, "publish"],
    ],
  );
});

Deno.test("a table without a line below its heads is read", () => {
  const lines = [
    "| REF  | RULE       | SEVERITY | SATISFIED | SKIPPED | HOW TO FIX |",
    "| R009 | one        | error    | ❌        | -       | name it    |",
    "|      | service    |          |           |         |            |",
    "| R010 | routing    | error    | ✅        | -       |            |",
  ];
  assert.deepEqual(parseLint(lines).map(({ rule, description }) => [rule, description]), [
    ["R009", "one service"],
    ["R010", "routing"],
  ]);
});

Deno.test("secrets are found behind warnings that hold brackets, and before whatever follows", () => {
  const list = '[{"name": "db", "value": "hunter2"}]';
  const secrets = { db: "hunter2" };
  const said = ["WARN [db_v1] exists {already}", "[INFO] not JSON", "{neither}", "[1, 2]"];
  assert.deepEqual(parseSecrets([...said, list, "WARN [not shown again]"]), secrets);
  assert.deepEqual(
    parseSecrets([...said, ...JSON.stringify(JSON.parse(list), null, 2).split("\n"), "bye]"]),
    secrets,
  );
  assert.deepEqual(parseSecrets(["WARN x", '{"db": "hunter2"}']), secrets);
  assert.deepEqual(parseSecrets([...said, "null"]), {});
  assert.equal(parseSecrets([...said, "┃ db ┃ hunter2 ┃"]), null);
});

Deno.test("the last reason is found, without its level and its place in abra's source", () => {
  assert.equal(
    refusal(["FATA first", "FATA[0001] <deploy.go:12> secret not generated: db"]),
    "secret not generated: db",
  );
  assert.equal(refusal(["ERRO this", "WARN that"]), "this");
  assert.equal(refusal(["Error: unknown flag: --x", "Usage: abra app ls"]), "unknown flag: --x");
  assert.equal(refusal(["INFO fine"]), null);
});

Deno.test("settings that are missing are named", () => {
  const lines = [
    "┃ RECIPE ENV SAMPLE ┃ APP ENV ┃",
    "┃ DOMAIN            ┃ ✅      ┃",
    "┃ TIMEOUT           ┃ ❌      ┃",
  ];
  assert.deepEqual(parseCheck(lines), ["TIMEOUT"]);
  const narrow = [
    "┃ RECIPE  ┃ APP ┃",
    "┃ ENV     ┃ ENV ┃",
    "┃ SAMPLE  ┃     ┃",
    "┣━━━━━━━━━╋━━━━━┫",
    "┃ SECRET_ ┃ ❌  ┃",
    "┃ VERSION ┃     ┃",
  ];
  assert.deepEqual(parseCheck(narrow), ["SECRET_VERSION"]);
});

Deno.test("the backup bot's own last error is the reason, whichever way it logs", () => {
  const json = '{"message_type": "ERROR", "message": "Failed to run command \\"x\\" in db: no"}';
  const reason = (...lines: string[]) => botReason(lines.map(plainBotLine));
  assert.equal(reason("INFO: fine", json, "FATA Status: , Code: 1"), 'Failed to run command "x" in db: no');
  assert.equal(
    reason("ERROR: first", "ERROR: No Snapshots with ID latest", "INFO: bye"),
    "No Snapshots with ID latest",
  );
  assert.equal(reason("FATA Status: , Code: 1"), null);
  assert.equal(plainBotLine('{"message_type": nonsense}'), '{"message_type": nonsense}');
});

Deno.test("hooks that failed are told from what else the bot says", () => {
  const failed = "Failed to run command bash -c 'set -o pipefail;/dump.sh' in note_db.1.x: no space\nleft";
  const lines = [
    "INFO: run command in note_db.1.x: /dump.sh",
    plainBotLine(JSON.stringify({ message_type: "ERROR", message: failed })),
    "ERROR: /var/lib/docker/volumes/note_db/_data/dump.sql does not exist",
  ];
  assert.deepEqual(failedHooks(lines), [failed.replace("\n", " ")]);
});

Deno.test("a container that is being replaced is told from other refusals", () => {
  const replaced = [
    'docker.errors.APIError: 409 Client Error for http+docker://localhost/v1.47/exec: Conflict ("container 0a is paused")',
    'The Docker Engine refused /containers/0a/exec: {"message":"container 0a is not running"}',
    "Container note_db contains hooks but it's not running",
  ];
  for (const line of replaced) assert.equal(isBeingReplaced(["INFO: x", line]), true, line);
  for (const line of ["ERROR: 409 files are gone", "Backup finished", "service is not running"]) {
    assert.equal(isBeingReplaced([line]), false, line);
  }
});
