# Where npm's packages are: what .npmrc beside deno.lock says, which npm and Deno read as well.
let
  file = ../.npmrc;
  lines = builtins.filter builtins.isString (builtins.split "\n" (builtins.readFile file));
  named = builtins.concatMap (line: let parts = builtins.match " *registry *= *([^ ]+) *" line; in if parts == null then [ ] else parts) lines;
in
if builtins.pathExists file && named != [ ] then builtins.head named
else
  throw ''
    cc-ci has to know a registry of npm's packages. In its checkout, say which:
      echo "registry=$(npm config get registry)" > .npmrc && git add -N .npmrc
    On a host, services.cc-ci.registry says the same.''
