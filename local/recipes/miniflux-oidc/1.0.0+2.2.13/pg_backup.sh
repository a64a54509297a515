#!/bin/sh
# Called by backup-bot-two: a dump beside the data before a backup, and back from it after a restore.
set -eu
file=/var/lib/postgresql/data/backup.sql

case ${1:-} in
  backup) pg_dump -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file" ;;
  clean) rm -f "$file" ;;
  restore)
    psql -q -U "$POSTGRES_USER" -d postgres -v ON_ERROR_STOP=1 -v db="$POSTGRES_DB" <<'SQL'
DROP DATABASE IF EXISTS :"db" WITH (FORCE);
CREATE DATABASE :"db";
SQL
    psql -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v ON_ERROR_STOP=1 -1 -f "$file"
    rm -f "$file"
    ;;
  *)
    echo "usage: pg_backup.sh backup|clean|restore" >&2
    exit 1
    ;;
esac
