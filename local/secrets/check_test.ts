import assert from "node:assert/strict";
import { parseSettings } from "../../host/settings.ts";
import { unitsOf } from "../../host/unit_values.ts";
import { neededBy } from "../../host/units.ts";
import { findings } from "./check.ts";
import type { Outside } from "./secrets_file.ts";
import { recoveryKeyOf } from "./recovery_key.ts";

const HOST = "ssh-ed25519 AAAAhost";
const PERSON = "ssh-ed25519 AAAAperson";
const RECOVERY = recoveryKeyOf(new Uint8Array(32)).recipient;
const OUTSIDE: Outside = { filled: [], empty: [], readable: [], recipients: [HOST, RECOVERY], otherKeys: [] };

function readersOf(...recipients: string[]): string[] {
  return findings({ ...OUTSIDE, recipients }, { host: HOST, needed: [], values: { text: {} } })
    .filter(({ what }) => what === "reader").map(({ sign, text }) => `${sign} ${text}`);
}

Deno.test("a further host lacks what its own units need, and no secret of Drone, bridge or dashboard", () => {
  const further = parseSettings({
    ...{
      domain: "ci-2.example.org",
      name: "ci-2",
      runnerOf: { domain: "ci.example.org", repository: "cc-ci/cc-ci" },
      backupBot: {},
    },
    forge: { url: "https://git.example.org", org: "recipe-maintainers" },
  });
  const lacking = (needed: Parameters<typeof findings>[1]["needed"]) =>
    findings(OUTSIDE, {
      host: HOST,
      needed,
      values: { text: {} },
    })
      .filter(({ sign }) => sign === "✖").map(({ what }) => what);
  assert.deepEqual(lacking(neededBy(unitsOf(further))), [
    "runner_token",
    "drone_rpc_secret",
    "restic_password",
  ]);
  assert.equal(
    lacking(null).length,
    9,
    "of a host without settings everything is asked that may not stay empty",
  );
});

Deno.test("whoever can read the secrets is told from a recovery key, and it is said when there is none", () => {
  assert.deepEqual(readersOf(HOST, RECOVERY), [`✔ ${HOST} (this host)`, `✔ ${RECOVERY} (a recovery key)`]);
  assert.deepEqual(readersOf(HOST, PERSON), [
    `✔ ${HOST} (this host)`,
    `✔ ${PERSON} (another host or person)`,
    '– no recovery key, without which "./cc-ci secrets recover" lets no other host in; ' +
    '"sops rotate --in-place --add-age" adds one',
  ]);
  assert.match(readersOf(HOST).at(-1) ?? "", /^✖ nobody except this host: /);
});

Deno.test("keys of other kinds are named among those who read the secrets", () => {
  const seen = findings({ ...OUTSIDE, otherKeys: ["pgp"] }, { host: HOST, needed: [], values: { text: {} } });
  assert.deepEqual(seen.filter(({ what }) => what === "reader").at(-1), {
    sign: "✔",
    what: "reader",
    text: "keys of the kind pgp (another host or person)",
  });
});

Deno.test("secrets that keys of another kind read are not lost with this host's key", () => {
  const seen = findings({ ...OUTSIDE, recipients: [HOST], otherKeys: ["pgp"] }, {
    ...{ host: HOST, needed: [], values: { text: {} } },
  });
  assert.deepEqual(seen.filter(({ what, sign }) => what === "reader" && sign === "✖"), []);
  assert.match(seen.at(-1)?.text ?? "", /^no recovery key, without which /);
});
