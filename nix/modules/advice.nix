# What would go wrong later is said when the host is built, with what to do.
{ config, lib, options, ... }:
let
  cfg = config.services.cc-ci;
  inStore = path: lib.hasPrefix builtins.storeDir "${path}";
  # The stack of a run is called "abcd-0a1b2c." and the domain, and Docker takes 45 characters.
  longest = 45 - 12;
  further = cfg.runnerOf.domain != null || cfg.settings ? runnerOf;
in
{
  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = lib.versionAtLeast (cfg.deno.version or "0") "2.9";
        message = "cc-ci needs Deno 2.9 or later, and services.cc-ci.deno is ${cfg.deno.version or "of no known version"}: take nixpkgs of the branch nixos-unstable.";
      }
      {
        assertion = cfg.binaries -> cfg.deno ? denort;
        message = "services.cc-ci.binaries needs a deno with the output \"denort\", which nixos-unstable has since mid 2026: take that branch, or set services.cc-ci.binaries = false.";
      }
      {
        assertion = !(inStore cfg.holes.certificates) && !(inStore cfg.holes.secrets);
        message = "services.cc-ci.certificates and .secrets lie in the Nix store, which everybody can read: name folders of the host, such as \"/var/lib/ci-certs/live\".";
      }
      {
        assertion = builtins.stringLength cfg.holes.domain <= longest;
        message = "services.cc-ci.domain has ${toString (builtins.stringLength cfg.holes.domain)} characters, and names of stacks below it leave ${toString longest}: take a shorter domain.";
      }
      {
        assertion = builtins.match (import ./names.nix).host cfg.holes.hostName != null;
        message = "services.cc-ci.hostName is \"${cfg.holes.hostName}\", by which nobody can call a host: set it, or networking.hostName, to a name such as ci-2.";
      }
      {
        assertion = cfg.runner.enable || cfg.proxy.enable || cfg.drone.enable || cfg.backupBot.enable -> cfg.swarm.enable;
        message = "Runner, Traefik, Drone and backup bot need a Swarm: set services.cc-ci.swarm.enable = true.";
      }
      {
        assertion = cfg.drone.enable || cfg.dashboard.enable || cfg.bridge.enable || cfg.runner.enable -> cfg.proxy.enable;
        message = "Drone, dashboard, bridge and the apps that a runner tests are reached through Traefik alone: set services.cc-ci.proxy.enable = true.";
      }
      {
        assertion = cfg.runner.enable -> cfg.drone.enable || further;
        message = "services.cc-ci.runner takes builds of a Drone: set services.cc-ci.drone.enable = true, or services.cc-ci.runnerOf.domain to the domain of the first host.";
      }
      {
        assertion = further -> !(cfg.drone.enable || cfg.dashboard.enable || cfg.bridge.enable);
        message = "A further host (services.cc-ci.runnerOf) has no Drone, dashboard or bridge of its own: leave services.cc-ci.drone.enable, dashboard.enable and bridge.enable = false.";
      }
      {
        assertion = (cfg.settings ? drone -> cfg.drone.enable || further) && (cfg.settings ? backupBot -> cfg.backupBot.enable);
        message = "services.cc-ci.settings brings no Drone and no backup bot to this host: set services.cc-ci.drone.enable and backupBot.enable = true, or leave its drone and backupBot out.";
      }
      {
        assertion = cfg.secretsFile != null -> !(cfg.settings ? secrets);
        message = "services.cc-ci.settings.secrets names a folder, and sops-nix writes the secrets of services.cc-ci.secretsFile to its own: leave one of both out.";
      }
      {
        assertion = !(cfg.settings ? without);
        message = "services.cc-ci.settings.without takes no unit from this host: set services.cc-ci.bridge.enable = false, or that of dashboard or runner.";
      }
      {
        assertion = cfg.swarm.enable -> !(config.virtualisation.docker.liveRestore || config.virtualisation.docker.daemon.settings.live-restore or false);
        message = "Docker refuses a Swarm beside live-restore: leave virtualisation.docker.liveRestore = false.";
      }
      {
        assertion = !config.virtualisation.docker.autoPrune.enable;
        message = "virtualisation.docker.autoPrune would remove images that runs keep: leave it off, the janitor removes what may go above 80 % of the disk.";
      }
      {
        assertion = cfg.secretsFile != null -> options ? sops;
        message = "services.cc-ci.secretsFile is read by sops-nix: import sops-nix.nixosModules.sops, or put the secrets to services.cc-ci.secrets and set secretsFile = null.";
      }
    ];
    warnings = lib.optional (!(lib.versionAtLeast (cfg.abra.version or "0") "0.13"))
      "services.cc-ci.abra is ${cfg.abra.version or "of no known version"}, and cc-ci was described to abra 0.13: run \"cc-ci-host check\" and \"./cc-ci abra-contract\" on the host."
    ++ lib.optional (cfg.bridge.enable && !cfg.drone.enable && !further)
      "The host has no bridge, since it has no Drone to start its runs: set services.cc-ci.drone.enable = true, or services.cc-ci.bridge.enable = false."
    ++ lib.optional (cfg.bridge.enable && cfg.drone.enable && cfg.drone.commit == null && !(cfg.settings ? drone.commit))
      "The host has no bridge before it is said which .drone.yml builds run: set services.cc-ci.drone.commit to the commit of ${cfg.drone.repository} that \"git rev-parse HEAD\" prints there.";
  };
}
