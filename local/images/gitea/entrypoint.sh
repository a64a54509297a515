#!/bin/sh
set -eu
[ $# -eq 0 ] || exec "$@"
exec gitea web
