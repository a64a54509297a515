#!/bin/sh
# Builds the Drone server from its Go module.
#
#   build-server.sh VERSION OUT WORK     e.g. build-server.sh 1.10.1 /cache/bin/drone-server-1.10.1 /cache/build/drone
#
# Without build tags: with the tag "oss" it would answer no remote runner. The result is under Drone's own licence,
# for use on this machine only.
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work/no-docker" "$(dirname "$out")"
echo "downloading Drone $version"
module=$(go mod download -json "github.com/drone/drone@v$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
# No module proxy serves this one, and no code of the server uses it.
echo 'module docker.io/go-docker' > "$work/no-docker/go.mod"
cd "$work/src"
go mod edit -replace "docker.io/go-docker=$work/no-docker"
echo "compiling Drone $version"
go build -mod=mod -ldflags '-s -w' -o "$out.new" ./cmd/drone-server
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
