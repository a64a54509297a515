#!/bin/sh
# Builds a program from its Go module, without C.
#
#   build-go.sh VERSION OUT WORK MODULE PACKAGE     e.g. build-go.sh 3.13.3 /cache/bin/sops-3.13.3 /cache/build/sops \
#                                                        github.com/getsops/sops/v3 ./cmd/sops
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3 module=$4 package=$5

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
echo "downloading $module $version"
source=$(go mod download -json "$module@v$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$source" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
echo "compiling $module $version"
# A program that has no such variable is built all the same.
CGO_ENABLED=0 go build -ldflags "-s -w -X main.version=$version" -o "$out.new" "$package"
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
