#!/bin/sh
# Makes the folder Gitea serves its pages from: templates, locales and the scripts and styles that its module
# holds only as sources.
#
#   assets.sh VERSION OUT WORK    e.g. assets.sh 1.26.0 /cache/gitea-assets-1.26.0 /cache/build/gitea-assets
set -eu

# Read as a whole before it starts: the file may change while it runs.
main() {
version=$1 out=$2 work=$3

rm -rf "$work"
mkdir -p "$work/tools"
# Package managers keep caches below these; all of it goes with the work folder.
export XDG_CACHE_HOME="$work/caches" XDG_DATA_HOME="$work/caches/data" XDG_STATE_HOME="$work/caches/state" \
  npm_config_cache="$work/caches/npm"
cd "$work/tools"
echo "downloading Gitea $version"
module=$(go mod download -json "code.gitea.io/gitea@v$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
cp -r "$module" "$work/src"
chmod -R u+w "$work/src"

# What package.json wants: node >= 22.18 and this pnpm.
pnpm=$(sed -n 's/.*"packageManager": "pnpm@\([0-9.]*\)".*/\1/p' "$work/src/package.json")
echo '{"private":true}' > package.json
packages=pnpm@$pnpm
if ! node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>22||(a===22&&b>=18)?0:1)' 2>/dev/null; then
  packages="$packages node@22"
fi
echo "fetching $packages"
# shellcheck disable=SC2086 # two words
npm install --no-audit --no-fund --loglevel=error $packages
PATH=$work/tools/node_modules/.bin:$PATH
export PATH

cd "$work/src"
echo "fetching the packages its pages are made of"
CI=true pnpm install --frozen-lockfile --ignore-scripts --store-dir "$work/store"
echo "building scripts and styles"
pnpm exec vite build

rm -rf "$out.new" "$out"
mkdir -p "$out.new"
cp -r templates options public "$out.new/"
mv "$out.new" "$out"
cd /
rm -rf "$work"
}

main "$@"
exit
