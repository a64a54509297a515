# Everything that this flake offers; what each thing is stands in the file that is imported for it.
{ self, nixpkgs, sops-nix, ... }:
let
  inherit (nixpkgs) lib;
  systems = [ "x86_64-linux" "aarch64-linux" ];
  overlay = import ./overlay.nix;
  pkgsFor = system: import nixpkgs {
    inherit system;
    overlays = [ overlay ];
    config.allowUnfreePredicate = package: lib.elem (lib.getName package) [ "drone" "drone-runner-exec" ];
  };
  forSystems = make: lib.genAttrs systems (system: make (pkgsFor system));
  module = { imports = [ ./modules ]; nixpkgs.overlays = [ overlay ]; };
  host = file: lib.nixosSystem {
    modules = [ self.nixosModules.default sops-nix.nixosModules.sops file ];
  };
in
{
  overlays.default = overlay;

  nixosModules = {
    default = module;
    # A host that only runs tests.
    runner = {
      imports = [ module ];
      services.cc-ci = lib.genAttrs [ "drone" "dashboard" "bridge" ] (_: { enable = lib.mkDefault false; });
    };
  };

  nixosConfigurations = {
    example = host ./example/host.nix;
    example-runner = host ./example/runner.nix;
  };

  packages = forSystems (pkgs: import ./packages.nix { inherit pkgs; });
  apps = forSystems (pkgs: import ./apps.nix { inherit pkgs self; });
  devShells = forSystems (pkgs: { default = import ./shell.nix { inherit pkgs; }; });
  formatter = forSystems (pkgs: pkgs.nixpkgs-fmt);
  checks = forSystems (pkgs: import ./checks { inherit pkgs self; });
}
