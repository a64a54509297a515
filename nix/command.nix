# The words that start one of our bundles by Deno with the permission set of its name, as programs/start.ts has them.
# What is in places, lists by kind of permission, takes the place of the set's.
{ deno, programs }:
{ program, places }:
let
  # Programs that wait most of the time keep little memory.
  waits = builtins.elem program [ "bridge" "dashboard" ];
in
[ deno "run" "--quiet" "--no-prompt" "--no-remote" "--no-npm" "--no-lock" ]
++ (if waits then [ "--v8-flags=--max-semi-space-size=1,--optimize-for-size" ] else [ ])
++ [ "--permission-set=${program}" ]
++ map (kind: "--allow-${kind}=${builtins.concatStringsSep "," places.${kind}}") (builtins.attrNames places)
++ [ "${programs}/${program}.js" ]
