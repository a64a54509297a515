#!/bin/sh
# Builds Drone's exec runner from its Go module.
#
#   build-runner.sh VERSION OUT WORK     e.g. build-runner.sh 1.0.0-beta.10 /cache/bin/… /cache/build/drone-runner
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
echo "downloading Drone's runner $version"
module=$(go mod download -json "github.com/drone-runners/drone-runner-exec@v$version" |
  sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
echo "compiling Drone's runner $version"
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$version" -o "$out.new" .
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
