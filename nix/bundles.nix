# The programs as one file each, with recipes, permission sets and the runtime of the floor beside them: what
# "./cc-ci bundle" writes, made by the same code without a network.
#
# npm      what nix/npm.nix made of deno.lock
# bundler  what it made of nix/bundler/deno.lock: the version of esbuild that this version of Deno bundles with
# cpu      npm's name for what the build runs on, "x64" or "arm64"
{ runCommand, deno, npm, bundler, src, cpu }:
runCommand "cc-ci-bundles" { nativeBuildInputs = [ deno ]; } ''
  export HOME="$TMPDIR/home" DENO_DIR="$TMPDIR/deno" NPM_CONFIG_REGISTRY=${npm.address} DENO_NO_UPDATE_CHECK=1
  mkdir -p "$HOME" "$DENO_DIR"
  ln -s ${npm} "$DENO_DIR/npm"
  # Deno looks there before it asks a registry for it.
  for esbuild in ${bundler}/npm.invalid/@esbuild/linux-${cpu}/*; do
    mkdir -p "$DENO_DIR/dl/esbuild-''${esbuild##*/}-1"
    ln -s "$esbuild/bin/esbuild" "$DENO_DIR/dl/esbuild-''${esbuild##*/}-1/esbuild-linux-${cpu}"
  done
  cd ${src}
  deno run -A --quiet --cached-only --frozen local/main.ts bundle "$TMPDIR/programs"
  cp -R "$TMPDIR/programs" "$out"
''
