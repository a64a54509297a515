#!/bin/sh
# Builds Gitea from its Go module.
#
#   build.sh VERSION OUT WORK     e.g. build.sh 1.26.0 /cache/bin/gitea-1.26.0 /cache/build/gitea
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")"
echo "downloading Gitea $version"
module=$(go mod download -json "code.gitea.io/gitea@v$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"
cd "$work/src"
echo "compiling Gitea $version"
# Without the version it calls itself "development", in its API too.
go build -tags 'sqlite sqlite_unlock_notify' -ldflags "-s -w -X main.Version=$version" -o "$out.new" .
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
