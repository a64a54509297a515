# A whole host of cc-ci. Copy this folder, change what stands below, and keep it in a repository of your own.
{ lib, pkgs, ... }:
{
  imports = [ ./hardware.nix ];

  services.cc-ci = {
    enable = true;
    domain = "ci.example.org";
    forge = {
      url = "https://git.example.org";
      org = "recipe-maintainers";
    };
    drone = {
      repository = "cc-ci/cc-ci";
      # What "git rev-parse HEAD" prints in it, in quotes.
      commit = null;
    };
    # What "npm config get registry" prints, in quotes; null: what .npmrc in the checkout of cc-ci says.
    registry = null;
    # ./secrets.yaml, which "./cc-ci secrets new" makes; null: the secrets are files of /etc/cc-ci/secrets.
    secretsFile = null;
  };

  networking.hostName = lib.mkDefault "ci";
  networking.firewall.allowedTCPPorts = [ 80 443 ];
  services.openssh.enable = true;
  # nixos-rebuild reads this folder by it.
  environment.systemPackages = [ pkgs.git ];

  # Drone and its runner are not free as nixpkgs counts it.
  nixpkgs.config.allowUnfreePredicate = package: lib.elem (lib.getName package) [ "drone" "drone.io" "drone-runner-exec" ];
  nix.settings.experimental-features = [ "nix-command" "flakes" ];
  system.stateVersion = "26.05";
}
