#!/bin/sh
# What recipes use of the official image's entrypoint: POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD(_FILE),
# POSTGRES_INITDB_ARGS; a new data folder is set up at the first start, then the server runs as postgres.
set -eu
: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_USER:=postgres}" "${POSTGRES_DB:=$POSTGRES_USER}"
export PGDATA

if [ "${1:-postgres}" != postgres ]; then
  exec "$@"
fi
[ $# -eq 0 ] || shift

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres: "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  password=${POSTGRES_PASSWORD:-}
  [ -z "${POSTGRES_PASSWORD_FILE:-}" ] || password=$(cat "$POSTGRES_PASSWORD_FILE")
  [ -s "$PGDATA/PG_VERSION" ] || [ -n "$password" ] || {
    echo "Error: Database is uninitialized and superuser password is not specified." >&2
    exit 1
  }
  INITIAL_PASSWORD=$password
  export INITIAL_PASSWORD
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" postgres "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  file=$(mktemp)
  printf '%s\n' "$INITIAL_PASSWORD" > "$file"
  # POSTGRES_INITDB_ARGS is a list of arguments
  # shellcheck disable=SC2086
  initdb -U "$POSTGRES_USER" --pwfile="$file" --auth-host=scram-sha-256 --auth-local=trust ${POSTGRES_INITDB_ARGS:-}
  rm "$file"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  pg_ctl -w -o "-c listen_addresses=''" start
  [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -w -m fast stop
  echo "PostgreSQL init process complete; ready for start up."
fi
unset INITIAL_PASSWORD
exec postgres -c listen_addresses='*' "$@"
