#!/bin/sh
# Builds a docker client from its Go module. What it needs itself is listed in vendor.mod, which is no go.mod for others.
#
#   build-client.sh VERSION OUT WORK     e.g. build-client.sh 28.5.2 /cache/bin/… /cache/build/docker
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
echo "downloading the docker client $version"
module=$(go mod download -json "github.com/docker/cli@v$version+incompatible" |
  sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
rm -r vendor
mv vendor.mod go.mod
mv vendor.sum go.sum
echo "compiling the docker client $version"
CGO_ENABLED=0 go build -v -mod=mod -trimpath \
  -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=$version" -o "$out.new" ./cmd/docker
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
