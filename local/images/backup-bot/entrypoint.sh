#!/bin/sh
# Readies the repository and stays; the work is done by commands run in this container. /run/ready says that they may.
set -eu
restic cat config >/dev/null 2>&1 || restic init
restic unlock --remove-all # nobody else is at it: a lock is from a container that died
touch /run/ready
echo "ready"
exec sleep infinity
