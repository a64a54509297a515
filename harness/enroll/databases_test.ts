import assert from "node:assert/strict";
import { exec } from "../../common/exec.ts";
import { loadCompose } from "../recipe/compose.ts";
import { composeServices } from "../recipe/compose_services.ts";
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
  assert.deepEqual(kinds({ db: { image: "pgautoupgrade/pgautoupgrade:16-alpine" } }), ["PostgreSQL in db"]);
  assert.deepEqual(kinds({ db: { image: "tensorchord/vchord-postgres:pg16-v0.4.3" } }), ["PostgreSQL in db"]);
  assert.deepEqual(kinds({ db: { image: "yobasystems/alpine-mariadb" } }), ["MariaDB in db"]);
  assert.deepEqual(kinds({ app: {} }), []);
});

Deno.test("of several services with a database's image the one comes first that mounts where the server keeps its data", () => {
  const dumps = { image: "mysql:5.7", command: "sh -c 'mysqldump -h db'", volumes: ["dumps:/backup"] };
  const db = { image: "mysql:5.7", volumes: ["db:/var/lib/mysql"] };
  assert.deepEqual(kinds({ "a-backup": dumps, db }), ["MySQL in db", "MySQL in a-backup"]);
  const long = { image: "mongo", volumes: [{ type: "volume", source: "m", target: "/data/db" }] };
  const init = { image: "mongo", volumes: ["./init.sh:/docker-entrypoint-initdb.d/init.sh"] };
  assert.deepEqual(kinds({ init, mongo: long, dumps }), [
    "MySQL in dumps",
    "MongoDB in mongo",
    "MongoDB in init",
  ]);
  const bitnami = { image: "bitnami/postgresql", volumes: ["pg:/bitnami/postgresql"] };
  assert.deepEqual(kinds({ a: { image: "postgres" }, bitnami }), [
    "PostgreSQL in bitnami",
    "PostgreSQL in a",
  ]);
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
  const linuxserver = ["MYSQL_DATABASE=a", "MYSQL_USER=b", "FILE__MYSQL_PASSWORD=/run/secrets/db"];
  assert.ok(
    commands("lscr.io/linuxserver/mariadb", linuxserver).includes(
      `MYSQL_PWD="$(cat "$FILE__MYSQL_PASSWORD")"`,
    ),
  );
  // Nobody else's database may be dropped where none is named.
  assert.match(commands("mysql:8", {}), /name=cc_ci\n.*DROP DATABASE/);
  assert.match(
    commands("mongo:6", { MONGO_INITDB_ROOT_USERNAME: "a", MONGO_INITDB_ROOT_PASSWORD: "b" }),
    / -u "\$MONGO/,
  );
  assert.doesNotMatch(commands("mongo:6", {}), / -u /);
  assert.doesNotMatch(commands("mongo:6", { MONGO_INITDB_ROOT_PASSWORD: "b" }), / -u /);
  const bitnami = commands("bitnami/mongodb:6.0", {
    MONGODB_ROOT_PASSWORD_FILE: "/x",
    MONGODB_DATABASE: "chat",
  });
  assert.ok(bitnami.includes(` -u root -p "$(cat "$MONGODB_ROOT_PASSWORD_FILE")" `), bitnami);
  assert.ok(bitnami.includes(`--authenticationDatabase admin "$MONGODB_DATABASE"`), bitnami);
  assert.match(
    commands("bitnami/mongodb", { MONGODB_ROOT_USER: "a", MONGODB_ROOT_PASSWORD: "b" }),
    / -u "\$MONGODB_ROOT_USER" -p "\$MONGODB_ROOT_PASSWORD"/,
  );
});

Deno.test("a user of MariaDB is taken only if the image makes one, with rights in the database that is written to", () => {
  const user = (environment: Record<string, string>) => {
    const { seed = "", read = "", destroy = "" } =
      databasesOf({ db: { image: "mariadb", environment } })[0]?.commands ?? {};
    const found = [seed, read, destroy].map((one) =>
      /MYSQL_PWD="\$(\w+)".* -u (\S+)/.exec(one)?.slice(1).join(" ")
    );
    assert.equal(new Set(found).size, 1, found.join("\n"));
    return found[0];
  };
  const root = { MARIADB_ROOT_PASSWORD: "a" };
  const own = { MARIADB_USER: "wiki", MARIADB_PASSWORD: "b" };
  assert.equal(user({ ...root, ...own }), "MARIADB_ROOT_PASSWORD root");
  assert.equal(
    user({ ...root, MARIADB_USER: "wiki", MARIADB_DATABASE: "wiki" }),
    "MARIADB_ROOT_PASSWORD root",
  );
  assert.equal(
    user({ ...root, ...own, MARIADB_DATABASE: "wiki" }),
    `MARIADB_PASSWORD "$MARIADB_USER"`,
  );
});

Deno.test("what a later compose file adds to a database's environment leaves what an earlier one said", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.writeTextFile(
      `${root}/compose.yml`,
      "services:\n  db:\n    image: postgres:16\n    environment: [POSTGRES_USER=wiki, POSTGRES_DB=pages]\n",
    );
    await Deno.writeTextFile(
      `${root}/compose.tune.yml`,
      "services:\n  db:\n    environment:\n      POSTGRES_DB: notes\n      PGDATA: /data\n",
    );
    const read = await loadCompose(root, { COMPOSE_FILE: "compose.yml:compose.tune.yml" });
    const [database] = databasesOf(composeServices(read.ok ? read : assert.fail(read.message)));
    assert.match(database?.commands.read ?? "", /-U "\$POSTGRES_USER" -d "\$POSTGRES_DB"/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
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
