#!/bin/sh
# The OCI runtime by which a Docker Engine with the floor starts all of its containers: runc, except that a container
# of a run gets what runtime.ts and network.sh leave it. docs/operating.md says how an engine comes to use it.
#   CCCI_RUNC, CCCI_DENO   the two programs, where they are not on the PATH of the engine; the deno of an installation,
#                          which no PATH of an engine names, is found without
#   CCCI_FLOOR             folder in which the harness says what an app may use
#   CCCI_DOCKER_SOCKET     where the engine answers
set -u
runc=${CCCI_RUNC:-runc}
deno=${CCCI_DENO:-deno}
floor=${CCCI_FLOOR:-/run/cc-ci/floor}
socket=${CCCI_DOCKER_SOCKET:-/var/run/docker.sock}
# Docker calls this for each health check, too: what starts no other program costs it the least.
here=$0
if [ -h "$here" ]; then here=$(readlink -f -- "$here"); fi
case $here in */*) here=${here%/*} ;; *) here=. ;; esac
. "$here/network.sh"
# Where "./cc-ci install" puts it, as seen from where it puts this.
if [ -z "${CCCI_DENO:-}" ] && [ -x "$here/../../bin/deno" ]; then deno=$here/../../bin/deno; fi

# The kernel may not count swap, and runc could then not write a limit of it. Without swap there is nothing to limit.
counts_swap() {
  if [ -d /sys/fs/cgroup/memory ]; then [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]
  else [ "$(wc -l < /proc/swaps)" -gt 1 ]; fi
}

edit() { # $1: the only folder that it may write in
  swap=without-swap
  if counts_swap; then swap=with-swap; fi
  DENO_DIR=$floor/.deno DENO_NO_UPDATE_CHECK=1 NO_COLOR=1 "$deno" run --quiet --no-config --no-lock --no-remote \
    --no-npm --no-prompt --allow-read --allow-write="$1,$socket" --allow-net="unix:$socket" \
    --allow-sys=networkInterfaces "$here/runtime.ts" "$swap" "$socket" "$@"
}

# The harness asks in this way whether all is there that a container of a run needs.
if [ "${1-}" = "--ccci-floor" ]; then
  "$runc" --version > /dev/null || { echo "runc does not run" >&2; exit 1; }
  probe=$(mktemp -d) || exit 1
  trap 'rm -rf "$probe"' EXIT
  answer=$(edit "$probe" "$floor") && probe_filter "$probe/cc-ci-floor" || exit 1
  echo "$answer"
  exit
fi

command='' root=/run/runc bundle=. process='' id='' option=''
for word; do
  id=$word # is the last one
  case $option in
    --root) root=$word ;;
    --bundle | -b) bundle=$word ;;
    --process | -p) process=$word ;;
  esac
  case $option in
    '') ;;
    *) option='' && continue ;;
  esac
  case $word in
    --root | --log | --log-format | --criu | --rootless | --bundle | -b | --process | -p | --pid-file) option=$word ;;
    --console-socket | --preserve-fds | --cwd | -e | --env | -u | --user | --cap | -c) option=$word ;;
    -*) ;;
    *) command=${command:-$word} ;;
  esac
done

# What Docker has written down about the container stands in its folder, out of which its files are mounted. Where it
# cannot be found the container counts as one of a run.
is_of_a_run() {
  folder=$(sed -n 's#.*"source":"\([^"\\]*/containers/'"$id"'\)/.*#\1#p' "$bundle/config.json") || return 0
  [ -n "$folder" ] && [ -r "$folder/config.v2.json" ] || return 0
  grep -Eq '"com\.docker\.stack\.namespace":"[a-z0-9]{1,4}-[0-9a-f]{6}_' "$folder/config.v2.json"
  [ $? -ne 1 ] # is only said when grep has read all of it
}

case $command in
  create)
    is_of_a_run || exec "$runc" "$@"
    edit "$bundle" "$floor" "$folder" || exit 1
    "$runc" "$@" || exit
    # What is known of the container goes with this folder of runc's when the container does.
    mv "$bundle/cc-ci-floor" "$root/$id/" || { "$runc" --root "$root" delete --force "$id"; exit 1; }
    ;;
  start)
    if [ -e "$root/$id/cc-ci-floor" ]; then
      filter "$id" && meet "$id" && name_hosts "$id" || { say "could not set what \"$id\" may speak to"; exit 1; }
    fi
    exec "$runc" "$@"
    ;;
  delete)
    stack=$(shared_by "$id")
    "$runc" "$@" || exit
    if [ -n "$stack" ]; then (introduce "$stack") || :; fi
    ;;
  exec)
    # A health check is such a command, and Docker hands it the capabilities that the container was to have.
    if [ -e "$root/$id/cc-ci-floor" ] && [ -n "$process" ]; then
      sed -i 's/"CAP_NET_RAW",//g; s/,"CAP_NET_RAW"\]/]/g; s/\["CAP_NET_RAW"\]/[]/g' "$process" || exit 1
    fi
    exec "$runc" "$@"
    ;;
  *) exec "$runc" "$@" ;;
esac
