# Options of NixOS and of sops-nix that nix/modules sets, without what NixOS makes of them.
{ lib, sops ? true, ... }:
let
  inherit (lib) mkOption types;
  anything = default: mkOption { type = types.anything; inherit default; };
in
{
  options = {
    assertions = mkOption { type = types.listOf types.raw; default = [ ]; };
    warnings = mkOption { type = types.listOf types.str; default = [ ]; };
    networking.hostName = mkOption { type = types.str; default = "ci"; };
    time.timeZone = mkOption { type = types.nullOr types.str; default = null; };
    environment = {
      etc = anything { };
      systemPackages = mkOption { type = types.listOf types.package; default = [ ]; };
    };
    systemd = { services = anything { }; timers = anything { }; paths = anything { }; targets = anything { }; };
    virtualisation.docker = {
      enable = mkOption { type = types.bool; default = false; };
      liveRestore = mkOption { type = types.bool; default = true; };
      autoPrune.enable = mkOption { type = types.bool; default = false; };
      daemon.settings = anything { };
    };
    nixpkgs = anything { };
    users = anything { };
    services.openssh = anything { };
    networking.firewall = anything { };
    networking.useDHCP = mkOption { type = types.bool; default = true; };
    boot = anything { };
    fileSystems = anything { };
    system = anything { };
    nix = anything { };
  } // lib.optionalAttrs sops {
    sops = { age = anything { }; environment = anything { }; secrets = anything { }; };
  };
}
