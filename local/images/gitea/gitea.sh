#!/bin/sh
# The official program holds its pages in itself. This one is told where they are, which the recipe's settings do not say.
set -eu
mkdir -p "$GITEA_TEMP"
settings=$GITEA_TEMP/app.ini
if [ ! -e "$settings" ]; then
  { cat "$GITEA_APP_INI"; printf '\n[server]\nSTATIC_ROOT_PATH = /app/gitea/pages\n'; } > "$settings.$$"
  mv "$settings.$$" "$settings"
fi
exec /app/gitea/gitea --config "$settings" "$@"
