#!/bin/sh
# Waits for the database, then becomes Miniflux.
set -eu

DATABASE_URL="postgres://miniflux:$(cat /run/secrets/db_password)@db/miniflux?sslmode=disable"
export DATABASE_URL

# A provider whose certificate comes from a CA of its own.
if grep -q BEGIN /run/secrets/oidc_ca; then
  export SSL_CERT_FILE=/run/secrets/oidc_ca
fi

# A database that never comes up must end in a failed task that people can see.
tries=120
until /usr/bin/miniflux -migrate; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || exit 1
  sleep 1
done

exec /usr/bin/miniflux
