#!/bin/sh
# What recipes use of the official image's entrypoint: MARIADB_DATABASE, MARIADB_USER, MARIADB_PASSWORD(_FILE),
# MARIADB_RANDOM_ROOT_PASSWORD; a new data folder is set up at the first start, then the server runs as mysql.
set -eu

if [ "${1:-mariadbd}" != mariadbd ]; then
  exec "$@"
fi
[ $# -eq 0 ] || shift

if [ "$(id -u)" = 0 ]; then
  chown -R mysql:mysql /var/lib/mysql
  password=${MARIADB_PASSWORD:-}
  [ -z "${MARIADB_PASSWORD_FILE:-}" ] || password=$(cat "$MARIADB_PASSWORD_FILE")
  [ -d /var/lib/mysql/mysql ] || [ -n "$password" ] && [ -n "${MARIADB_RANDOM_ROOT_PASSWORD:-}" ] || {
    echo "Error: MARIADB_RANDOM_ROOT_PASSWORD and a password of MARIADB_USER are needed for a new database" >&2
    exit 1
  }
  INITIAL_PASSWORD=$password
  export INITIAL_PASSWORD
  exec setpriv --reuid=mysql --regid=mysql --init-groups "$0" mariadbd "$@"
fi

if [ ! -d /var/lib/mysql/mysql ]; then
  mariadb-install-db --skip-test-db --auth-root-authentication-method=socket > /tmp/install.log || {
    cat /tmp/install.log >&2
    exit 1
  }
  quoted=$(printf %s "$INITIAL_PASSWORD" | sed "s/['\\\\]/\\\\&/g")
  mariadbd --bootstrap --datadir=/var/lib/mysql <<SQL
FLUSH PRIVILEGES;
CREATE DATABASE \`$MARIADB_DATABASE\`;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$quoted';
GRANT ALL ON \`$MARIADB_DATABASE\`.* TO '$MARIADB_USER'@'%';
SQL
  echo "MariaDB init process done. Ready for start up."
fi
unset INITIAL_PASSWORD
exec mariadbd --bind-address=0.0.0.0 "$@"
