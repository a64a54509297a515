import assert from "node:assert/strict";
import { exec } from "../../common/exec.ts";
import { databasesOf, type DataCommands } from "./databases.ts";

const kinds = (services: Parameters<typeof databasesOf>[0]) =>
  databasesOf(services).map(({ kind, service }) => `${kind} in ${service}`);

Deno.test("databases are known by their images, whatever registry and tag these have, and what serves one is none", () => {
  assert.deepEqual(
    kinds({
      app: { image: "nginx:1.22" },
      cache: { image: "redis:7-alpine" },
      pool: { image: "edoburu/pgbouncer:1" },
      dumps: { image: "prodrigestivill/postgres-backup-local:16" },
      exporter: { image: "prom/mysqld-exporter" },
      db: { image: "ghcr.io/immich-app/postgres:14-vectorchord0.3.0@sha256:00" },
      old: { image: "docker.io/library/mariadb" },
      mongo: { image: "registry.example.org:5000/mongo:6" },
      mysql: { image: "mysql/mysql-server:8" },
    }),
    ["PostgreSQL in db", "MariaDB in old", "MySQL in mysql", "MongoDB in mongo", "Redis in cache"],
  );
  assert.deepEqual(kinds({ app: {} }), []);
});

Deno.test("a file of SQLite is known by the settings that name it", () => {
  const path = (environment: Record<string, string>) =>
    databasesOf({ app: { image: "x", environment } })[0]?.path;
  assert.equal(path({ DATABASE_URL: "sqlite:////data/app.sqlite3?mode=rwc" }), "/data/app.sqlite3");
  assert.equal(path({ DB_TYPE: "sqlite3", DB_PATH: "/data/gitea.db" }), "/data/gitea.db");
  assert.equal(path({ DATABASE_URL: "postgres://db/app" }), undefined);
  assert.equal(path({ CONFIG: "/etc/app.yml" }), undefined);
});

Deno.test("credentials are taken from where the service has them", () => {
  const commands = (image: string, environment: Record<string, string> | string[]) => {
    const { commands } = databasesOf({ db: { image, environment } })[0] ?? assert.fail(image);
    return Object.values(commands).join("\n");
  };
  const inFile = commands("postgres:15", ["POSTGRES_USER=wiki", "POSTGRES_PASSWORD_FILE=/run/secrets/db"]);
  assert.ok(inFile.includes(`PGPASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")" psql`), inFile);
  assert.ok(inFile.includes(`-U "$POSTGRES_USER" -d "$POSTGRES_USER"`), inFile);
  assert.ok(commands("postgres:15", {}).includes("-U postgres -d postgres"));
  const root = commands("mariadb:11", { MYSQL_ROOT_PASSWORD: "x", MARIADB_DATABASE: "wiki" });
  assert.ok(root.includes(`MYSQL_PWD="$MYSQL_ROOT_PASSWORD"`) && root.includes("-u root"), root);
  assert.ok(root.includes(`name="$MARIADB_DATABASE"`), root);
  // Nobody else's database may be dropped where none is named.
  assert.match(commands("mysql:8", {}), /name=cc_ci\n.*DROP DATABASE/);
  assert.match(
    commands("mongo:6", { MONGO_INITDB_ROOT_USERNAME: "a", MONGO_INITDB_ROOT_PASSWORD: "b" }),
    / -u "\$MONGO/,
  );
  assert.doesNotMatch(commands("mongo:6", {}), / -u /);
});

/** Runs commands as a run does in a service's container, here on this machine. */
async function carriedOut(commands: DataCommands, env: Record<string, string> = {}) {
  const run = async (step: keyof DataCommands) =>
    await exec(["sh", "-c", commands[step]], { env: { ...env, MARKER: "marker-1a2b3c4d" } });
  const seeded = await run("seed");
  assert.ok(seeded.success, seeded.stderr);
  assert.equal((await run("read")).stdout.trim(), "marker-1a2b3c4d");
  assert.ok((await run("destroy")).success);
  assert.doesNotMatch((await run("read")).stdout, /marker-/);
}

const hasSqlite = await exec(["sqlite3", "-version"]).then(({ success }) => success, () => false);

Deno.test({
  name: "what is seeded into SQLite is read, and gone once it was destroyed",
  ignore: !hasSqlite,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "it's-a-test-" });
    try {
      const path = `${folder}/x.db`;
      const [database] = databasesOf({ app: { environment: { DATABASE_URL: `sqlite://${path}` } } });
      assert.equal(database?.path, path);
      await carriedOut(database.commands);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
