#!/bin/sh
# Brings npm's oidc-provider and what it needs, each at the version that deno.lock says.   build.sh VERSION OUT DENO
set -eu
version=$1 out=$2 deno=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '{"type":"module","dependencies":{"oidc-provider":"%s"}}\n' "$version" > "$work/package.json"
cp "$here/deno.lock" "$work/"
echo "downloading oidc-provider $version"
cd "$work"
"$deno" install --quiet --frozen --node-modules-dir=auto
mkdir -p "$(dirname "$out")"
tar -cf "$out.new" package.json node_modules
mv "$out.new" "$out"
