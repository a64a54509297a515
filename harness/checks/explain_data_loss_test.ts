import assert from "node:assert/strict";
import { join } from "node:path";
import { type Compose, loadCompose } from "../recipe/compose.ts";
import { protectedVolumes } from "../recipe/backup_labels.ts";
import { explainLoss } from "./explain_data_loss.ts";

async function compose(text: string): Promise<Compose> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "compose.yml"), text);
    const loaded = await loadCompose(folder, {});
    if (!loaded.ok) throw new Error(loaded.message);
    return loaded;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const before = `version: "3.8"
services:
  db:
    image: db:1
    volumes:
      - db:/var/lib/db
volumes:
  db:
`;
const volume = { service: "db", key: "db", name: "s_db", target: "/var/lib/db" };
const upgrade = { stack: "s", from: "1.0.0+1", to: "abcdef12" };

Deno.test("a lost record is explained by the volume that moved, with its line", async () => {
  const base = await compose(before);
  const head = await compose(before.replace("db:/var/lib/db", "db:/var/lib"));
  const loss = { what: 'record "m" in service db', volume: null, now: [], said: "it printed nothing" };
  assert.equal(
    explainLoss([loss], { ...upgrade, base, head }),
    'Wrote record "m" in service db at 1.0.0+1, upgraded to abcdef12, read back: it printed nothing\n' +
      "The volume `db` is no longer mounted at `/var/lib/db` of service db (compose.yml, line 6); it is now at `/var/lib`",
  );
});

Deno.test("a lost file is explained by the volume that took the place", async () => {
  const base = await compose(before);
  const head = await compose(
    before.replace("db:/var/lib/db", "data:/var/lib/db").replace("  db:\n", "  data:\n")
      .replace("volumes:\n  db:", "volumes:\n  data:").replace("  data:\n    image", "  db:\n    image"),
  );
  const loss = { what: "/var/lib/db/x", volume, now: [], said: "the volume is not mounted" };
  assert.match(
    explainLoss([loss], { ...upgrade, base, head }),
    /`db` is no longer mounted at `\/var\/lib\/db` of service db \(compose.yml, line 6\); volume `data` is there instead$/,
  );
});

Deno.test("a service that is gone is named", async () => {
  const base = await compose(before);
  const head = await compose("services:\n  app:\n    image: x\n");
  const loss = { what: "/var/lib/db/x", volume, now: [], said: "the volume is not mounted" };
  assert.match(explainLoss([loss], { ...upgrade, base, head }), /the head has no service db/);
});

Deno.test("volumes that backups leave out may be lost, each other counts once", async () => {
  const parsed = await compose(`services:
  app:
    image: x
    volumes: ["data:/data", "cache:/cache", "./conf:/conf"]
    deploy:
      labels:
        backupbot.backup: "true"
        backupbot.backup.volumes.cache: "false"
  worker:
    image: x
    volumes: ["data:/data"]
volumes:
  data:
  cache:
`);
  assert.deepEqual(protectedVolumes(parsed, "s").map((one) => `${one.service} ${one.key}`), ["app data"]);
});
