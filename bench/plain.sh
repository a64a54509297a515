#!/usr/bin/env bash
# The yardstick: what a careful operator's shell script does with one throw-away app, by plain docker commands.
#   new -> deploy -> converge -> answers -> upgrade -> answers -> backup -> restore -> teardown, verified
# usage: plain.sh CHECKOUT BASE HEAD     prints "<step> <seconds>" lines, the last one is "total"
# CHECKOUT is a git checkout of custom-html, miniflux or quick that this script may move about; BASE and HEAD are the
# revisions upgraded from and to. BASE_DOMAIN, INGRESS and CA_FILE say how apps are reached, BACKUP_BOT is the container
# with restic in it, DNSRR=1 stands for a kernel without IPVS.
set -euo pipefail

checkout=$1 base=$2 head=$3
recipe=$(basename "$checkout")
# A name that the harness' janitor would know for one of ours, should this script be killed.
domain=${recipe:0:4}-$(openssl rand -hex 3).${BASE_DOMAIN:?}
stack=${domain//./_}
poll=0.2
limit=180
tmp=$(mktemp -d)
began=

now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'; }
die() { echo "plain.sh: $*" >&2; exit 1; }
labelled() { printf 'label=com.docker.stack.namespace=%s' "$stack"; }
fetch() { curl -sf --max-time 3 --cacert "${CA_FILE:?}" --resolve "$domain:443:${INGRESS%:*}" "https://$domain$1" "${@:2}"; }
in_service() {
  local service=$1; shift
  docker exec "$(docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_$service" --filter status=running | head -n 1)" "$@"
}

step() { # name, command...: run it and print its seconds
  local name=$1 from; shift
  from=$(now); "$@"; echo "$name $(since "$from")"
}
wait_for() { # what, command...: poll until the command succeeds
  local what=$1 end=$((SECONDS + limit)); shift
  until "$@"; do ((SECONDS < end)) || die "timed out: $what"; sleep "$poll"; done
}

# --- what differs from recipe to recipe
case $recipe in
  custom-html | quick)
    data=content/_data
    put_marker() { in_service app sh -c 'echo marker1 > /usr/share/nginx/html/m.txt'; }
    lose_marker() { in_service app rm /usr/share/nginx/html/m.txt; }
    marker() { fetch /m.txt; }
    ;;
  miniflux)
    data=db/_data/backup.sql
    query() { in_service db psql -U miniflux -d miniflux -qAtc "$1"; }
    put_marker() { query "create table bench (t text); insert into bench values ('marker1')"; }
    lose_marker() { query 'delete from bench'; }
    marker() { query 'select t from bench'; }
    ;;
  *) die "there is no marker for recipe \"$recipe\"" ;;
esac
data=/var/lib/docker/volumes/${stack}_$data # as the backup bot sees it
serves() { # base or head
  case $recipe in
    custom-html) fetch / -o /dev/null -D "$tmp/headers" 2>/dev/null && { [ "$1" = base ] || grep -qi '^referrer-policy' "$tmp/headers"; } ;;
    quick) [ "$(fetch /version.txt 2>/dev/null)" = "$1" ] ;;
    miniflux) [ "$(fetch /healthcheck 2>/dev/null)" = OK ] && { [ "$1" = base ] || [ "$(fetch /version)" = 2.2.14 ]; } ;;
  esac
}

# --- deploy
settings() { # what a deploy of the checked-out revision gets: .env.sample filled in, abra.sh's exports
  set -a
  # shellcheck disable=SC1091
  . "$checkout/.env.sample"
  # shellcheck disable=SC1091
  . "$checkout/abra.sh"
  DOMAIN=$domain STACK_NAME=$stack LETS_ENCRYPT_ENV=
  set +a
}
deploy() {
  local files=(-c "$checkout/compose.yml") service
  git -C "$checkout" checkout -q --detach "$1"
  if [ "${DNSRR:-0}" = 1 ]; then
    grep '^version:' "$checkout/compose.yml" > "$tmp/dnsrr.yml"
    echo services: >> "$tmp/dnsrr.yml"
    for service in $(sed -n '/^services:/,/^[a-z]/s/^  \([a-z][a-z0-9_-]*\):$/\1/p' "$checkout/compose.yml"); do
      echo "  $service: {deploy: {endpoint_mode: dnsrr}}" >> "$tmp/dnsrr.yml"
    done
    files+=(-c "$tmp/dnsrr.yml")
  fi
  (settings && docker stack deploy --resolve-image never --detach=true "${files[@]}" "$stack") > /dev/null 2> "$tmp/err" ||
    die "$(cat "$tmp/err")"
}
new() {
  local line name
  git -C "$checkout" checkout -q --detach "$base"
  for line in $(sed -n 's/^SECRET_\([A-Z0-9_]*\)_VERSION=\([^ ]*\).*/\1=\2/p' "$checkout/.env.sample"); do
    name=${line%%=*}
    openssl rand -hex 16 | tr -d '\n' |
      docker secret create --label "com.docker.stack.namespace=$stack" "${stack}_${name,,}_${line#*=}" - > /dev/null
  done
}

# --- waiting
converged() { # every service has as many running tasks as wanted; a rejected or failed task is fatal
  local id want got bad
  bad=$(docker stack ps "$stack" --no-trunc --format '{{.CurrentState}} {{.Error}}' | grep -E '^(Failed|Rejected)' || true)
  [ -z "$bad" ] || die "task: $bad"
  while read -r id want; do
    got=$(docker service ps "$id" --filter desired-state=running --format '{{.CurrentState}}' | grep -c '^Running' || true)
    [ "$got" = "$want" ] || return 1
  done < <(docker service ls --filter "$(labelled)" --format '{{.ID}} {{.Replicas}}' | sed 's#[0-9]*/##')
}
updated() {
  case $(docker service inspect "${stack}_app" --format '{{with .UpdateStatus}}{{.State}}{{end}}') in
    completed) return 0 ;;
    rollback_* | paused) die "update not accepted" ;;
  esac
  return 1
}
marker_is_back() { [ "$(marker 2> /dev/null || true)" = marker1 ]; }

# --- backup
hook() { # service, name: run the hook of that service, if it has one
  local command
  command=$(docker service inspect "${stack}_$1" --format "{{with index .Spec.Labels \"backupbot.$2\"}}{{.}}{{end}}")
  [ -z "$command" ] || in_service "$1" sh -c "$command" > /dev/null
}
with_backup() { docker service ls --filter "$(labelled)" --filter label=backupbot.backup=true --format '{{.Name}}' | sed "s/^${stack}_//"; }
restic() { docker exec "${BACKUP_BOT:?}" restic "$@"; }
backup() {
  local service
  for service in $(with_backup); do hook "$service" backup.pre-hook; done
  restic backup -q --host "$stack" --tag "$stack" "$data"
  for service in $(with_backup); do hook "$service" backup.post-hook; done
}
restore() {
  local service
  restic restore -q latest --host "$stack" --tag "$stack" --target / > /dev/null
  for service in $(with_backup); do hook "$service" restore.post-hook; done
  wait_for "marker back" marker_is_back
}

# --- teardown
inventory() { # everything that still carries the stack's name
  local kind
  for kind in service secret config network volume; do docker "$kind" ls -q --filter "$(labelled)"; done
  docker ps -aq --filter "$(labelled)"
  docker network ls -q --filter "name=^${stack}_"
  docker volume ls -q --filter "name=^${stack}_"
}
clean() {
  local left
  left=$(docker volume ls -q --filter "$(labelled)")
  # shellcheck disable=SC2086
  [ -z "$left" ] || docker volume rm $left > /dev/null 2>&1 || true
  [ -z "$(inventory)" ]
}
teardown() {
  docker stack rm "$stack" > /dev/null 2>&1
  wait_for "nothing left" clean
}
tidy() { # whatever happened; beside the clock
  local snapshots
  set +e
  teardown > /dev/null 2>&1
  snapshots=$(restic snapshots --tag "$stack" --json 2> /dev/null | grep -o '"short_id":"[0-9a-f]*"' | cut -d '"' -f 4)
  # shellcheck disable=SC2086
  [ -z "$snapshots" ] || restic forget -q $snapshots > /dev/null 2>&1
  rm -rf "$tmp"
}
trap 'code=$?; tidy; exit $code' EXIT

began=$(now)
step new new
step deploy deploy "$base"
step converge wait_for convergence converged
step answers wait_for "an answer" serves base
step marker put_marker
step upgrade_deploy deploy "$head"
step upgrade_done wait_for "the update" updated
step upgrade_answers wait_for "the new version's answer" serves head
[ "$(marker)" = marker1 ] || die "the upgrade lost the marker"
step backup backup
lose_marker
step restore restore
step teardown teardown
echo "total $(since "$began")"
