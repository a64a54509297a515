import { basename } from "node:path";
import type { ServiceDefinition } from "../recipe/compose_services.ts";
import { isRecord, itemsOf, listOrMap } from "../recipe/compose_values.ts";

/** A kind of database whose data commands are known. */
export type DatabaseKind = "PostgreSQL" | "MariaDB" | "MySQL" | "MongoDB" | "Redis" | "SQLite";

/** A database of a recipe: a service of its own, or a file of a service. */
export interface Database {
  kind: DatabaseKind;
  service: string;
  /** Of SQLite: the file, as the settings of its service name it. */
  path?: string;
  commands: DataCommands;
}

/** What writes a marker into a database, reads it, and destroys what the database holds; for `sh -c` in its service. */
export interface DataCommands {
  seed: string;
  read: string;
  destroy: string;
}

const makers = { PostgreSQL: postgres, MariaDB: mysql, MySQL: mysql, MongoDB: mongo, Redis: redis };

/** Last parts of the names of images, of each kind in the order in which a recipe's data most likely lies in it. */
const images: readonly [keyof typeof makers, RegExp][] = [
  [
    "PostgreSQL",
    /^(postgres|postgresql|postgis|pgautoupgrade|pgvector|pgvecto-rs|vchord-postgres|timescaledb(-ha)?)$/,
  ],
  ["MariaDB", /^(alpine-)?mariadb(-alpine|-galera)?$/],
  ["MySQL", /^(mysql|mysql-server|percona|percona-server)$/],
  ["MongoDB", /^(mongo|mongodb|mongodb-community-server|percona-server-mongodb)$/],
  ["Redis", /^(redis|redis-stack-server|valkey|keydb|dragonfly)$/],
];

/** The databases of a recipe, the one that most likely holds its data first. */
export function databasesOf(services: Readonly<Record<string, ServiceDefinition>>): Database[] {
  const found = Object.entries(services).flatMap(([service, definition]): Database[] => {
    const name = imageName(definition.image);
    const kind = images.find(([, pattern]) => pattern.test(name))?.[0];
    const env = environmentOf(definition);
    if (kind !== undefined) return [{ kind, service, commands: makers[kind](env) }];
    const path = sqliteFile(env);
    return path === null ? [] : [{ kind: "SQLite", service, path, commands: sqlite(path) }];
  });
  const order = (database: Database) => {
    const at = images.findIndex(([kind]) => kind === database.kind);
    // Beside a file with data, Redis is where an app keeps what it can do without.
    return database.kind === "SQLite" ? images.length - 1.5 : at;
  };
  const keeps = ({ service }: Database) => Number(keepsData(services[service] ?? {}));
  return found.toSorted((a, b) => order(a) - order(b) || keeps(b) - keeps(a));
}

/** Whether a service mounts something where servers keep their data, unlike one that only uses their programs. */
function keepsData({ volumes }: ServiceDefinition): boolean {
  const targets = itemsOf(volumes).map(([, mount]) =>
    isRecord(mount) ? String(mount.target) : String(mount).split(":")[1] ?? ""
  );
  return targets.some((target) => /^\/(var\/lib|data|bitnami|config)(\/|$)/.test(target));
}

/** `postgres` of `docker.io/library/postgres:15.18@sha256:…`. */
function imageName(image: unknown): string {
  return basename(String(image ?? "").split("@")[0] ?? "").split(":")[0] ?? "";
}

type Environment = ReadonlyMap<string, string>;

/** What a service's compose files say of its environment. What stands in an `env_file` is not looked at. */
function environmentOf({ environment }: ServiceDefinition): Environment {
  return new Map(listOrMap(environment).map(({ key, value }) => [key, value ?? ""]));
}

/**
 * A word of a shell that comes to the value of one of some variables, as the service has it, be it in a file that
 * another variable names.
 */
function valueOf(env: Environment, names: readonly string[]): string | null {
  for (const name of names) {
    if (env.has(name)) return `"$${name}"`;
    const file = [`${name}_FILE`, `FILE__${name}`].find((one) => env.has(one));
    if (file !== undefined) return `"$(cat "$${file}")"`;
  }
  return null;
}

function postgres(env: Environment): DataCommands {
  const user = valueOf(env, ["POSTGRES_USER", "POSTGRESQL_USERNAME"]) ?? "postgres";
  const database = valueOf(env, ["POSTGRES_DB", "POSTGRESQL_DATABASE"]) ?? user;
  const password = valueOf(env, ["POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"]);
  const psql = `${
    password === null ? "" : `PGPASSWORD=${password} `
  }psql -q -v ON_ERROR_STOP=1 -U ${user} -d ${database}`;
  return {
    seed: heredoc(`${psql} -v marker="$MARKER"`, [
      "CREATE TABLE IF NOT EXISTS cc_ci_marker (marker text);",
      "INSERT INTO cc_ci_marker VALUES (:'marker');",
    ]),
    read: `${psql} -A -t -c 'SELECT marker FROM cc_ci_marker'`,
    destroy: `${psql} -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'`,
  };
}

function mysql(env: Environment): DataCommands {
  const named = (what: string) => ["MARIADB", "MYSQL"].map((before) => `${before}_${what}`);
  const database = valueOf(env, named("DATABASE"));
  const [own, ownPassword] = [valueOf(env, named("USER")), valueOf(env, named("PASSWORD"))];
  // The images make a user only with a password, and give it no rights but those in the database that they make.
  const [user, password] = own === null || ownPassword === null || database === null
    ? ["root", valueOf(env, named("ROOT_PASSWORD"))]
    : [own, ownPassword];
  // The newer images of MariaDB have no program "mysql".
  const client = `${
    password === null ? "" : `MYSQL_PWD=${password} `
  }"$(command -v mariadb || command -v mysql)" -u ${user}`;
  const name = database ?? "cc_ci";
  const make = database === null ? ["CREATE DATABASE IF NOT EXISTS cc_ci; USE cc_ci;"] : [];
  const on = `${client} ${name}`;
  return {
    seed: heredoc(database === null ? client : on, [
      ...make,
      "CREATE TABLE IF NOT EXISTS cc_ci_marker (marker varchar(100));",
      "INSERT INTO cc_ci_marker VALUES ('$MARKER');",
    ], { filledIn: true }),
    read: `${on} -N -e 'SELECT marker FROM cc_ci_marker'`,
    destroy: `name=${name}\n${client} -e "DROP DATABASE \\\`$name\\\`; CREATE DATABASE \\\`$name\\\`"`,
  };
}

function mongo(env: Environment): DataCommands {
  const [user, password] = mongoAccount(env);
  const account = user === null || password === null
    ? ""
    : ` -u ${user} -p ${password} --authenticationDatabase admin`;
  const database = valueOf(env, ["MONGO_INITDB_DATABASE", "MONGODB_DATABASE"]) ?? "cc_ci";
  const shell = `"$(command -v mongosh || command -v mongo)" --quiet${account} ${database}`;
  return {
    seed: `${shell} --eval "db.cc_ci_marker.insertOne({ marker: '$MARKER' })"`,
    read: `${shell} --eval 'db.cc_ci_marker.find().forEach((one) => print(one.marker))'`,
    destroy: `${shell} --eval 'db.dropDatabase()'`,
  };
}

/** The account that may do everything: the image that most use makes it of two variables, Bitnami's of a password. */
function mongoAccount(env: Environment): [user: string | null, password: string | null] {
  const password = valueOf(env, ["MONGODB_ROOT_PASSWORD"]);
  return password === null
    ? [valueOf(env, ["MONGO_INITDB_ROOT_USERNAME"]), valueOf(env, ["MONGO_INITDB_ROOT_PASSWORD"])]
    : [valueOf(env, ["MONGODB_ROOT_USER"]) ?? "root", password];
}

function redis(env: Environment): DataCommands {
  const password = valueOf(env, ["REDIS_PASSWORD", "VALKEY_PASSWORD"]);
  const auth = password === null ? "" : `REDISCLI_AUTH=${password} `;
  const client = `${auth}"$(command -v redis-cli || command -v valkey-cli || command -v keydb-cli)"`;
  return {
    // What is saved is a file, and the server writes it only now and then by itself.
    seed: `${client} SET cc_ci_marker "$MARKER"\n${client} SAVE`,
    read: `${client} GET cc_ci_marker`,
    destroy: `${client} FLUSHALL\n${client} SAVE`,
  };
}

function sqlite(path: string): DataCommands {
  const on = `sqlite3 '${path.replaceAll("'", `'\\''`)}'`;
  return {
    seed:
      `${on} "CREATE TABLE IF NOT EXISTS cc_ci_marker (marker text); INSERT INTO cc_ci_marker VALUES ('$MARKER')"`,
    read: `${on} 'SELECT marker FROM cc_ci_marker'`,
    destroy: `${on} 'DROP TABLE cc_ci_marker'`,
  };
}

/** A file of SQLite that a service's settings name; the address `sqlite:///data/x.db` counts as well. */
function sqliteFile(env: Environment): string | null {
  const says = [...env].some(([, value]) => /\bsqlite3?\b/i.test(value));
  for (const value of env.values()) {
    const [, path] = /^(?:[\w+]*sqlite3?:(?:\/\/\/?)?|file:)?(\/[^?#\s]+\.(?:db|sqlite3?|db3))(?:[?#].*)?$/i
      .exec(value) ?? [];
    if (path !== undefined && (says || /sqlite/i.test(path) || path.endsWith(".db"))) return path;
  }
  return null;
}

/** Statements on a program's standard input. @param options.filledIn whether the shell fills in variables */
function heredoc(
  command: string,
  statements: readonly string[],
  { filledIn = false }: { filledIn?: boolean } = {},
): string {
  const end = "SQL";
  return `${command} <<${filledIn ? end : `'${end}'`}\n${statements.join("\n")}\n${end}\n`;
}
