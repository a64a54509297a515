# What "nix build" makes. The binaries here have the folders of docs/operating.md in them; a host has its own.
{ pkgs }:
let
  inherit (pkgs) cc-ci lib;
  binaries = lib.genAttrs [ "bridge" "dashboard" "harness" "host" ] (program: cc-ci.binary {
    inherit (cc-ci) bundles;
    inherit (pkgs) deno;
    inherit program;
    places = { };
  });
in
{
  default = cc-ci.bundles;
  inherit (cc-ci) bundles npm;
} // lib.mapAttrs' (program: lib.nameValuePair "cc-ci-${program}") binaries
