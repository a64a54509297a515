#!/bin/sh
# Builds a docker client from its Go module, which brings all that it needs.
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
mv vendor.mod go.mod
mv vendor.sum go.sum
echo "compiling the docker client $version"
CGO_ENABLED=0 go build -v -mod=vendor -trimpath \
  -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=$version" -o "$out.new" ./cmd/docker
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
