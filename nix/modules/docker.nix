# Docker with a Swarm and with the floor below every container of a run.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.cc-ci;
in
{
  config = lib.mkIf (cfg.enable && (cfg.swarm.enable || cfg.runner.enable)) {
    virtualisation.docker = {
      enable = true;
      # Docker refuses a Swarm beside it.
      liveRestore = false;
      # What runs have pulled is their cache; the janitor knows what may go, and when.
      autoPrune.enable = lib.mkDefault false;
      daemon.settings = {
        # By this path, so that a new version of cc-ci does not restart Docker.
        runtimes.cc-ci.path = "/etc/cc-ci/floor/runtime.sh";
        default-runtime = "cc-ci";
        log-driver = "json-file";
        log-opts = { max-size = "10m"; max-file = "3"; };
      };
    };
    # Traefik reaches both from its container by the gateway; the firewall of NixOS would refuse that.
    networking.firewall.interfaces.docker_gwbridge.allowedTCPPorts =
      lib.optional cfg.dashboard.enable (lib.toInt cfg.described.holes.dashboardPort)
      ++ lib.optional cfg.bridge.enable (lib.toInt cfg.described.holes.bridgePort);
    environment.etc."cc-ci/floor".source = "${cfg.bundles}/floor";
    # The floor calls these as dockerd starts it.
    systemd.services.docker.path = [ cfg.deno pkgs.runc pkgs.iptables pkgs.iproute2 pkgs.util-linux pkgs.coreutils pkgs.gnused pkgs.gnugrep ];
  };
}
