# "nix run .#demo": commands of this checkout with what they call on the PATH.
{ pkgs, self }:
let
  shell = import ./shell.nix { inherit pkgs; };
  app = command: {
    type = "app";
    program = "${pkgs.writeShellScript "cc-ci-${command}" ''
      export PATH=${pkgs.lib.makeBinPath shell.tools}:$PATH
      cd ''${CCCI_CHECKOUT:-${self}} && exec ./cc-ci ${command} "$@"
    ''}";
  };
in
{
  demo = app "demo";
  run-recipe = app "run-recipe";
  host = {
    type = "app";
    program = "${pkgs.writeShellScript "cc-ci-host" ''
      exec ${pkgs.lib.escapeShellArgs (import ./command.nix {
        deno = "${pkgs.deno}/bin/deno";
        programs = "${pkgs.cc-ci.bundles}";
      } { program = "host"; places = { }; })} "$@"
    ''}";
  };
}
