#!/bin/sh
# Builds Miniflux from its Go module.   build.sh VERSION OUT
set -eu
version=$1 out=$2
echo "downloading Miniflux $version"
module=$(go mod download -json "miniflux.app/v2@v$version") || {
  echo "$module" >&2
  exit 1
}
source=$(echo "$module" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cd "$source"
echo "compiling Miniflux $version"
mkdir -p "$(dirname "$out")"
CGO_ENABLED=0 go build -ldflags "-s -w -X miniflux.app/v2/internal/version.Version=$version" -o "$out.new" .
mv "$out.new" "$out"
