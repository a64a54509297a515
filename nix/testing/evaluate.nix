# A host as modules describe it, evaluated without NixOS.
#
# lib: path of nixpkgs' lib, or null for the one beside this file; module: what the host says; sops: whether there is
# sops-nix; path, deno: see nix/testing/nixpkgs
{ lib ? null, sops ? true, module, path ? "/usr/bin:/bin", deno ? "/opt/deno" }:
let
  own = if lib == null then import ./lib.nix else import lib;
  pkgs = import ./nixpkgs { inherit path deno; overlays = [ (import ../overlay.nix) ]; };
  evaluated = own.evalModules {
    modules = [ ../modules ./nixos.nix module ];
    specialArgs = { inherit pkgs sops; lib = own; };
  };
  inherit (evaluated) config;
  cfg = config.services.cc-ci;
in
{
  inherit (config) systemd warnings;
  inherit (cfg) holes;
  failed = map (one: one.message) (builtins.filter (one: !one.assertion) config.assertions);
  etc = builtins.mapAttrs (_: file: file.text or file.source) config.environment.etc;
  secrets = config.sops.secrets or { };
  docker = config.virtualisation.docker;
  firewall = config.networking.firewall.interfaces;
  checks = map (check: check.drvPath) config.system.checks;
  # Modules may be merged in another order.
  packages = builtins.sort builtins.lessThan (map (package: package.name) config.environment.systemPackages);
  commands = builtins.listToAttrs (builtins.concatMap
    (package: if package ? text then [{ inherit (package) name; value = package.text; }] else [ ])
    config.environment.systemPackages);
  # What has to be built before the units can start, by unit.
  builds = builtins.mapAttrs
    (_: unit: builtins.attrNames (builtins.getContext (toString (unit.serviceConfig.ExecStart or ""))))
    config.systemd.services;
}
