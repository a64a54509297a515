# A whole host of cc-ci. Copy this folder, change what stands below, and keep it in a repository of your own.
{ lib, ... }:
{
  imports = [ ./hardware.nix ];

  services.cc-ci = {
    enable = true;
    domain = "ci.example.org";
    forge = {
      url = "https://git.example.org";
      org = "recipe-maintainers";
    };
    drone.repository = "recipe-maintainers/cc-ci";
    # Made by "./cc-ci secrets new"; null where the secrets are files of /etc/cc-ci/secrets.
    secretsFile = null;
  };

  networking.hostName = lib.mkDefault "ci";
  networking.firewall.allowedTCPPorts = [ 80 443 ];
  services.openssh.enable = true;

  # Drone and its runner are not free as nixpkgs counts it.
  nixpkgs.config.allowUnfreePredicate = package: lib.elem (lib.getName package) [ "drone" "drone.io" "drone-runner-exec" ];
  nix.settings.experimental-features = [ "nix-command" "flakes" ];
  system.stateVersion = "26.05";
}
