#!/bin/sh
# Builds a Docker Engine from its Go module: dockerd, and beside it docker-proxy, which dockerd starts for published
# ports. What they need themselves is listed in vendor.mod, which is no go.mod for others.
#
#   build-engine.sh VERSION OUT PROXY WORK     e.g. build-engine.sh 28.5.2 /cache/bin/… /cache/bin/… /cache/build/docker
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 proxy=$3 work=$4

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")" "$(dirname "$proxy")"
echo "downloading Docker Engine $version"
module=$(go mod download -json "github.com/docker/docker@v$version+incompatible" |
  sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
rm -r vendor
mv vendor.mod go.mod
mv vendor.sum go.sum
echo "compiling Docker Engine $version"
compile() { # $1: where it goes; $2: package
  # Without Go's own look-ups of names and users a program without C would not build; the rest leaves out what needs C.
  CGO_ENABLED=0 go build -v -mod=mod -trimpath -tags 'netgo osusergo exclude_graphdriver_btrfs' \
    -ldflags "-s -w -X github.com/docker/docker/dockerversion.Version=$version" -o "$1.new" "$2"
  mv "$1.new" "$1"
}
compile "$proxy" ./cmd/docker-proxy
compile "$out" ./cmd/dockerd # the last one: where it is, both are
cd /
rm -rf "$work"
}

main "$@"
exit
