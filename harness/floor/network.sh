# Sourced by runtime.sh: what a container of a run may speak to, set before anything of it starts. packet_filter.ts says
# what that is. All that is known of such a container lies in $root/ID/cc-ci-floor, which goes when runc deletes it:
#   rules4, rules6   the rules without what is the app's own
#   places           lines "stack NAME", "own ADDRESS", "shared ADDRESS"
#   hosts            names that no DNS says, as lines of a file "hosts"
#   folder           where Docker keeps the container's own file "hosts"
#   filtered         the network namespace in which the rules hold

say() {
  echo "cc-ci: $*" >&2
}

# The process that the container $1 is, and in whose network namespace it will run.
process_of() {
  sed -n 's/.*"init_process_pid":\([0-9][0-9]*\).*/\1/p' "$root/$1/state.json"
}

# The words after the word $1 in the places of the container $2.
places_of() {
  while read -r what where; do
    if [ "$what" = "$1" ]; then echo "$where"; fi
  done < "$root/$2/cc-ci-floor/places"
}

restore() { # $1: process in the namespace; $2: 4 or 6; rules come from standard input
  if [ "$2" = 6 ]; then program=ip6tables-restore; else program=iptables-restore; fi
  nsenter --net="/proc/$1/ns/net" -- "$program" -w 30 --noflush
}

# The families of addresses that the kernel has.
families() {
  if [ -e /proc/net/if_inet6 ]; then echo 4 6; else echo 4; fi
}

# Rules that open addresses on shared networks, those of the other words. $1: 4 or 6
peer_rules() {
  version=$1
  shift
  for address; do
    case $address in *:*) of=6 ;; *) of=4 ;; esac
    if [ "$of" = "$version" ]; then echo "-A CC-CI-PEERS -d $address -j ACCEPT"; fi
  done
}

# Rules that open the interfaces on the app's own networks. $1: container; $2: 4 or 6; $3: what `ip` says of interfaces
own_rules() {
  case $2 in 4) kind=inet ;; *) kind=inet6 ;; esac
  for own in $(places_of own "$1"); do
    echo "$3" | while read -r _ device family address _; do
      if [ "$family" = "$kind" ] && [ "${address%/*}" = "$own" ]; then
        echo "-A CC-CI-OWN -o $device -d $address -j ACCEPT"
      fi
    done
  done
}

filter() { # $1: container; fails when anything may be missing of the rules
  pid=$(process_of "$1") && [ -n "$pid" ] || return 1
  namespace=$(readlink "/proc/$pid/ns/net") || return 1
  if [ "$namespace" = "$(readlink /proc/self/ns/net)" ]; then
    say "a container of a run may not be on the host's own network"
    return 1
  fi
  interfaces=$(nsenter --net="/proc/$pid/ns/net" -- ip -o addr show) || return 1
  for version in $(families); do
    # shellcheck disable=SC2046 # are several words
    rules=$(
      cat "$root/$1/cc-ci-floor/rules$version" && own_rules "$1" "$version" "$interfaces" &&
        peer_rules "$version" $(places_of shared "$1") && echo COMMIT
    ) || return 1
    echo "$rules" | restore "$pid" "$version" || return 1
  done
  echo "$namespace" > "$root/$1/cc-ci-floor/filtered"
}

# The app of the container $1, if that is on a network which it shares with others.
shared_by() {
  [ -e "$root/$1/cc-ci-floor" ] || return 0
  if [ -n "$(places_of shared "$1")" ]; then places_of stack "$1"; fi
}

# Tells the container $1 the names that no DNS says. Docker has written the file by now.
name_hosts() {
  [ -s "$root/$1/cc-ci-floor/hosts" ] || return 0
  own=$(cat "$root/$1/cc-ci-floor/folder")/hosts
  # The file is a mount of the container, so it stays the same one.
  if [ -f "$own" ]; then cat "$root/$1/cc-ci-floor/hosts" >> "$own"; fi
}

meet() { # $1: container, whose rules hold already
  stack=$(shared_by "$1") || return 1
  if [ -n "$stack" ]; then introduce "$stack" unless-alone; fi
}

# Lets the containers of the app $1 speak to each other on networks that they share with others, and no longer to those
# that have gone: their addresses may be somebody else's next. $2: nothing to do where there is one container only
introduce() {
  exec 9< "$root" && flock -w 30 9 || return 1
  members=''
  addresses=''
  known=0
  for folder in "$root"/*/cc-ci-floor; do
    id_of=${folder%/cc-ci-floor}
    id_of=${id_of##*/}
    [ "$(shared_by "$id_of" 2> /dev/null)" = "$1" ] || continue
    addresses="$addresses $(places_of shared "$id_of")"
    known=$((known + 1))
    if [ -e "$folder/filtered" ]; then members="$members $id_of"; fi
  done
  if [ "$known" = 1 ] && [ "${2-}" = unless-alone ]; then members=''; fi
  for member in $members; do
    pid=$(process_of "$member")
    # One that has ended may have left its number to a process elsewhere.
    [ "$(readlink "/proc/$pid/ns/net")" = "$(cat "$root/$member/cc-ci-floor/filtered")" ] || continue
    for version in $(families); do
      {
        echo '*filter'
        echo ':CC-CI-PEERS - [0:0]'
        # shellcheck disable=SC2086 # are several words
        peer_rules "$version" $addresses
        echo COMMIT
      } | restore "$pid" "$version" || say "could not renew what \"$member\" may speak to"
    done
  done
  exec 9<&-
}

# Loads the rules in the folder $1 in a network namespace of its own, as root or as somebody who plays root there.
probe_filter() {
  for program in ip nsenter flock; do
    command -v "$program" > /dev/null || { say "\"$program\" is not on the PATH"; return 1; }
  done
  if [ "$(id -u)" = 0 ]; then player=''; else player='--user --map-root-user'; fi
  # shellcheck disable=SC2086 # are two words
  XTABLES_LOCKFILE=$1/lock unshare $player --net -- sh -c '
    . "$1/network.sh"
    for version in $(families); do { cat "$2/rules$version"; echo COMMIT; } | restore self "$version" || exit 1; done
  ' probe "$here" "$1" || { say "iptables could not load the rules of what a container may speak to"; return 1; }
}
