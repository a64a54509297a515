#!/bin/sh
# Builds sops from its Go module.
#
#   build.sh VERSION OUT WORK     e.g. build.sh 3.13.3 /cache/bin/sops-3.13.3 /cache/build/sops
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
echo "downloading sops $version"
module=$(go mod download -json "github.com/getsops/sops/v3@v$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
echo "compiling sops $version"
CGO_ENABLED=0 go build -ldflags '-s -w' -o "$out.new" ./cmd/sops
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
