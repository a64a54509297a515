# The outputs of flake.nix, evaluated without its inputs.
let
  lib = import ./lib.nix // {
    nixosSystem = { modules }: { config.system.build.toplevel = "made of ${toString (builtins.length modules)} modules"; };
    escapeShellArgs = builtins.concatStringsSep " ";
  };
  inputs = {
    nixpkgs = { inherit lib; outPath = ./nixpkgs; };
    sops-nix.nixosModules.sops = { };
  };
  self = (import ../../flake.nix).outputs (inputs // { inherit self; }) // { outPath = toString ../..; inherit inputs; };
in
self // { ofExample = (import ../example/flake.nix).outputs { cc-ci = self; }; }
