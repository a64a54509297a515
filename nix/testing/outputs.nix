# The outputs of flake.nix, evaluated without its inputs.
let
  lib = import ./lib.nix // {
    nixosSystem = { modules }: { config.system.build.toplevel = "made of ${toString (builtins.length modules)} modules"; };
    escapeShellArgs = builtins.concatStringsSep " ";
  };
  outputs = (import ../../flake.nix).outputs {
    self = outputs // { outPath = toString ../..; };
    nixpkgs = { inherit lib; outPath = ./nixpkgs; };
    sops-nix.nixosModules.sops = { };
  };
in
outputs
