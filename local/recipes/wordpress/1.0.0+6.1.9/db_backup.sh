#!/bin/sh
# Called by backup-bot-two: a dump beside the data before a backup, and back from it after a restore.
set -eu
file=/var/lib/mysql/backup.sql
MYSQL_PWD=$(cat /run/secrets/db_password)
export MYSQL_PWD

case ${1:-} in
  backup) mariadb-dump -u wordpress --add-drop-database --databases wordpress > "$file" ;;
  clean) rm -f "$file" ;;
  restore)
    mariadb -u wordpress < "$file"
    rm -f "$file"
    ;;
  *)
    echo "usage: db_backup.sh backup|clean|restore" >&2
    exit 1
    ;;
esac
