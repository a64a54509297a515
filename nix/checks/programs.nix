# The binaries start, say what they lack, and have the permissions in them that they were made with.
{ pkgs }:
let
  inherit (pkgs) cc-ci lib;
  places = { net = [ "127.0.0.1:3181" ]; read = [ "/var/lib/cc-ci" ]; write = [ "/var/lib/cc-ci" ]; };
  binary = program: cc-ci.binary { inherit (cc-ci) bundles; inherit (pkgs) deno; inherit program places; };
in
pkgs.runCommand "cc-ci-programs" { nativeBuildInputs = [ pkgs.jq ]; } ''
  export HOME="$TMPDIR" NO_COLOR=1 LC_ALL=C
  ${lib.concatMapStrings (program: ''
    # What deno compile wrote down, the last JSON object that begins so.
    grep -ao '{"argv".*"app_name":"[^"]*"}' ${binary program}/bin/cc-ci-${program} | tail -n 1 | jq .permissions > permissions
    jq -e '.allow_net == ["127.0.0.1:3181"] and .allow_read == ["/var/lib/cc-ci"] and .allow_write == ["/var/lib/cc-ci"]
      and .allow_import == ["none.invalid:1"] and .prompt == false' permissions
  '') [ "bridge" "dashboard" "harness" "host" ]}
  for program in ${binary "bridge"}/bin/cc-ci-bridge ${binary "dashboard"}/bin/cc-ci-dashboard; do
    code=0
    "$program" > said 2>&1 || code=$?
    [ "$code" = 2 ] && grep -q CCCI_STATE said || { cat said; exit 1; }
  done
  ${binary "harness"}/bin/cc-ci-harness --help
  ${binary "host"}/bin/cc-ci-host --help
  touch "$out"
''
