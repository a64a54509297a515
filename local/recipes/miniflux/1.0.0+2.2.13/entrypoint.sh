#!/bin/sh
# Waits for the database, then becomes Miniflux.
set -eu

DATABASE_URL="postgres://miniflux:$(cat /run/secrets/db_password)@db/miniflux?sslmode=disable"
export DATABASE_URL

until /usr/bin/miniflux -migrate; do
  sleep 1
done

exec /usr/bin/miniflux
