# The parts of a host. A host that only runs tests has neither bridge nor dashboard nor Drone of its own.
{ lib, ... }:
let
  inherit (lib) mkOption types;
  names = import ./names.nix;
  usually = default: type: description: mkOption { inherit default type description; };
  part = description: usually true types.bool "Whether this host has ${description}.";
in
{
  options.services.cc-ci = {
    runnerOf = {
      domain = usually null (types.nullOr (types.strMatching names.domain))
        "Domain of the first host, where this one is a further host: it takes builds of that host's Drone, reports to its dashboard, and has no Drone, dashboard or bridge of its own.";
      drone = usually null (types.nullOr (types.strMatching names.domain)) "Where its runner finds that Drone; null: what settings.drone.domain says of the first host, or else drone.<domain of the first host>.";
      # Nothing holds where it is not said, since a runner says to nobody that it refuses a build.
      repository = mkOption {
        type = types.strMatching names.repository;
        description = "The repository of the first host's pipelines: this host's runner takes builds of it alone.";
      };
    };
    swarm = {
      enable = part "a Docker Swarm of its own";
      advertise = usually "127.0.0.1" (types.strMatching names.address) "Address by which the Swarm knows its only node.";
    };
    proxy.enable = part "Traefik with the certificate and the routes";
    drone = {
      enable = part "Drone's server";
      repository = usually "cc-ci/cc-ci" (types.strMatching names.repository) "The repository on the forge whose .drone.yml Drone reads: the host takes builds of it alone, and its owner or the owner's members log in to Drone.";
      commit = usually null (types.nullOr (types.strMatching names.commit))
        "The commit of that repository whose .drone.yml builds run; a push there changes nothing until this does.";
    };
    backupBot = {
      enable = part "backup-bot-two";
      repository = usually "/backups/restic" (types.strMatching ".+") "The restic repository.";
    };
    dashboard = {
      enable = part "the dashboard";
      keepDays = usually 365 types.ints.positive "Days for which runs are kept.";
      keepRuns = usually 200 types.ints.positive "Runs of each recipe that are kept.";
    };
    bridge = {
      enable = part "the bridge";
      pollSeconds = usually 30 types.ints.positive "Seconds between two looks at the forge.";
      schedule = usually true types.bool "Whether default branches are tested unasked.";
    };
    runner = {
      enable = part "a runner, which starts the harness";
      capacity = usually 1 types.ints.positive "Builds that the runner takes at a time. The harness lets one go on and the others wait, so leave it at 1.";
      labels = usually { } (types.attrsOf types.str) "A runner with labels takes builds of those pipelines alone that name exactly these under node:, and .drone.yml names none.";
    };
    janitor = {
      enable = part "the janitor's turns";
      interval = usually "1h" types.str "Time between two turns of the janitor, as systemd.time(7) writes it.";
    };
  };
}
