# Refuses settings, when a host is built, that the host's program would refuse when it runs, and says the same.
#
# npm  what nix/npm.nix made of deno.lock
{ runCommand, deno, npm, src }:
settings:
runCommand "cc-ci-settings"
{
  nativeBuildInputs = [ deno ];
  settings = builtins.toJSON settings;
} ''
  export HOME="$TMPDIR/home" DENO_DIR="$TMPDIR/deno" NPM_CONFIG_REGISTRY=${npm.address} DENO_NO_UPDATE_CHECK=1
  mkdir -p "$HOME" "$DENO_DIR"
  ln -s ${npm} "$DENO_DIR/npm"
  printf %s "$settings" > "$TMPDIR/host.json"
  cd ${src}
  deno run -A --quiet --cached-only --frozen local/main.ts units "$out" --settings "$TMPDIR/host.json"
''
