#!/bin/sh
# Called by backup-bot-two: a copy of the database that nobody writes to, and back from it after a restore.
set -eu
db=/var/lib/mumble-server/mumble-server.sqlite
copy=/var/lib/mumble-server/backup.sqlite

case ${1:-} in
  backup) sqlite3 "$db" ".backup '$copy'" ;;
  clean) rm -f "$copy" ;;
  restore)
    mv "$copy" "$db"
    # The server has the old database open: it ends, and Swarm starts it with the restored one.
    kill 1
    ;;
  *)
    echo "usage: db_backup.sh backup|clean|restore" >&2
    exit 1
    ;;
esac
