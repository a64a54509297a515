# What somebody needs who works on cc-ci.
{ pkgs }:
let
  tools = [ pkgs.deno pkgs.git pkgs.docker pkgs.sops pkgs.age pkgs.openssl pkgs.chromium pkgs.nss.tools pkgs.util-linux pkgs.nixpkgs-fmt ];
in
pkgs.mkShell { packages = tools; } // { inherit tools; }
