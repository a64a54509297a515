# One of the programs as a single binary: its bundle and a Deno without a command line. Its permissions are in it, so
# each host has its own; to make it takes seconds.
#
# denort  that Deno; places  lists that take the place of the permission set's, by kind
{ runCommand, deno, denort, src, bundles, program, places }:
runCommand "cc-ci-${program}"
{
  nativeBuildInputs = [ deno ];
  places = builtins.toJSON places;
} ''
  export HOME="$TMPDIR" DENO_DIR="$TMPDIR/deno" DENORT_BIN=${denort} DENO_NO_UPDATE_CHECK=1
  mkdir -p "$out/bin"
  deno run -A --quiet --no-config --no-lock ${src}/programs/compile.ts ${program} --programs ${bundles} \
    --output "$out/bin/cc-ci-${program}" --places "$places"
''
