#!/bin/sh
# Drone reads its secrets from its environment alone.
set -eu
DRONE_RPC_SECRET=$(cat "$DRONE_RPC_SECRET_FILE")
export DRONE_RPC_SECRET
if [ -n "${DRONE_GITEA_CLIENT_SECRET_FILE:-}" ]; then
  DRONE_GITEA_CLIENT_SECRET=$(cat "$DRONE_GITEA_CLIENT_SECRET_FILE")
  export DRONE_GITEA_CLIENT_SECRET
fi
exec /bin/drone-server
