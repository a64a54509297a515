# What would go wrong later is said when the host is built, with what to do.
{ config, lib, options, ... }:
let
  cfg = config.services.cc-ci;
  inStore = path: lib.hasPrefix builtins.storeDir "${path}";
  # The stack of a run is called "abcd-0a1b2c." and the domain, and Docker takes 45 characters.
  longest = 45 - 12;
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
        assertion = !(inStore cfg.holes.certificates) && !(inStore cfg.secrets);
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
        assertion = cfg.runner.enable -> cfg.swarm.enable;
        message = "services.cc-ci.runner needs a Swarm to test in: set services.cc-ci.swarm.enable = true.";
      }
      {
        assertion = cfg.drone.enable || cfg.dashboard.enable || cfg.bridge.enable -> cfg.proxy.enable;
        message = "Drone, dashboard and bridge are reached through Traefik alone: set services.cc-ci.proxy.enable = true.";
      }
      {
        assertion = !(cfg.settings ? without);
        message = "services.cc-ci.settings.without takes no unit from this host: set services.cc-ci.bridge.enable = false, or that of dashboard or runner.";
      }
      {
        assertion = cfg.swarm.enable -> !config.virtualisation.docker.liveRestore;
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
    ++ lib.optional (cfg.bridge.enable && cfg.drone.enable && cfg.drone.commit == null && !(cfg.settings ? drone.commit))
      "The host has no bridge before it is said which .drone.yml builds run: set services.cc-ci.drone.commit to the commit of ${cfg.drone.repository} that \"git rev-parse HEAD\" prints there.";
  };
}
