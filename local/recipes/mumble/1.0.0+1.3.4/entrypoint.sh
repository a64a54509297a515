#!/bin/sh
# The administrator's password is what the secret says, then Mumble's server takes this process' place.
set -eu
murmurd -ini /etc/mumble-server.ini -supw "$(cat /run/secrets/superuser_password)"
exec murmurd -fg -ini /etc/mumble-server.ini
