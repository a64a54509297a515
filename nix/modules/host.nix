# The host as its program reads it, and what a host has that no unit brings.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.cc-ci;
  inherit (lib) mkDefault mkIf optionalAttrs;
  # What the program reads of it, with everything that the option "settings" says otherwise.
  # A second host is made of the first one's file, and has no Drone.
  said = lib.recursiveUpdate settings (removeAttrs cfg.settings (lib.optional further "drone"));
  droneDomain =
    if said ? runnerOf then said.runnerOf.drone or "drone.${said.runnerOf.domain}"
    else said.drone.domain or "drone.${said.domain}";
  # Not "said ? runnerOf": what the options say hangs on whether this host has a Drone, and that on this.
  further = cfg.runnerOf.domain != null || cfg.settings ? runnerOf;
  # Its program looks for no unit of these, and for no secret of theirs.
  without = builtins.filter (part: !cfg.${part}.enable) ([ "runner" ] ++ (if further then [ ] else [ "dashboard" "bridge" ]));
  unlessNull = name: value: optionalAttrs (value != null) { ${name} = value; };
  # Scheme, name or address, and port.
  address =
    let parts = builtins.match "(https?)://([^/?#@]*@)?(\\[[^]]*]|[^]:/?#]+)(:([0-9]+))?([/?#].*)?" said.forge.url;
    in if parts != null then parts else throw "services.cc-ci.settings.forge.url is \"${said.forge.url}\", which is no address: set services.cc-ci.forge.url to one such as https://git.example.org.";
  port =
    if builtins.elemAt address 4 != null then builtins.elemAt address 4
    else if builtins.head address == "https" then "443" else "80";
  settings = {
    inherit (cfg) domain forge gateway certificates minFreeGb;
    swarm = { inherit (cfg.swarm) advertise; };
    name = cfg.hostName;
    secrets = if cfg.secretsFile == null then cfg.secrets else "/run/secrets/cc-ci";
  } // unlessNull "ca" cfg.ca
  // optionalAttrs further { runnerOf = { inherit (cfg.runnerOf) repository; } // unlessNull "domain" cfg.runnerOf.domain // unlessNull "drone" (if cfg.runnerOf.drone != null then cfg.runnerOf.drone else cfg.settings.drone.domain or null); }
  // optionalAttrs cfg.drone.enable { drone = { inherit (cfg.drone) repository; } // unlessNull "commit" cfg.drone.commit; }
  // optionalAttrs (without != [ ]) { inherit without; }
  // optionalAttrs cfg.backupBot.enable { backupBot = { inherit (cfg.backupBot) repository; }; };
in
{
  config = mkIf cfg.enable {
    services.cc-ci.drone.enable = mkIf further (mkDefault false);
    services.cc-ci.dashboard.enable = mkIf further (mkDefault false);
    services.cc-ci.bridge.enable = mkIf further (mkDefault false);
    services.cc-ci.holes = {
      inherit (said) domain certificates secrets;
      hostName = said.name;
      dashboard = "https://${said.runnerOf.domain or said.domain}";
      inherit (said.forge) org;
      gateway = said.gateway.address;
      forge = said.forge.url;
      drone = "https://${droneDomain}";
      droneRpc = droneDomain;
      forgeAddress = "${builtins.elemAt address 2}:${port}";
      capacity = toString cfg.runner.capacity;
      labels = lib.concatStringsSep "," (lib.mapAttrsToList (name: value: "${name}:${value}") cfg.runner.labels);
      pollSeconds = toString cfg.bridge.pollSeconds;
      schedule = if cfg.bridge.schedule then "on" else "off";
      keepDays = toString cfg.dashboard.keepDays;
      keepRuns = toString cfg.dashboard.keepRuns;
      minFreeGb = builtins.toJSON said.minFreeGb;
      janitorEvery = cfg.janitor.interval;
    } // optionalAttrs (said ? ca) { inherit (said) ca; }
    // optionalAttrs (said ? abra) { inherit (said) abra; }
    // optionalAttrs (said ? docker) { inherit (said) docker; }
    // optionalAttrs (said ? imagesAbove) { imagesAbove = builtins.toJSON said.imagesAbove; }
    // optionalAttrs (said ? runs) { runsFolder = said.runs; }
    // optionalAttrs (said ? home) { inherit (said) home; }
    // optionalAttrs (said ? drone.repository) { droneRepo = said.drone.repository; }
    // optionalAttrs (said ? runnerOf) { droneRepo = said.runnerOf.repository; }
    // optionalAttrs ((said.drone.runners or [ ]) != [ ]) { runs = toString (1 + builtins.length said.drone.runners); }
    // optionalAttrs (said ? made) { inherit (said) made; }
    // optionalAttrs (said ? drone.commit) { droneCommit = said.drone.commit; }
    // optionalAttrs (said ? proxy.ingress) { inherit (said.proxy) ingress; }
    // optionalAttrs (said ? dashboard.port) { dashboardPort = toString said.dashboard.port; }
    // optionalAttrs (said ? bridge.port) { bridgePort = toString said.bridge.port; }
    // unlessNull "recipes" (if cfg.recipes == null then null else "${cfg.recipes}");

    environment.etc."cc-ci/host.json".text = builtins.toJSON said;
    system.checks = [ ((pkgs.cc-ci.override { inherit (cfg) registry deno; }).checkSettings said) ];
    # Recipes mount it into their containers, and NixOS by itself has none.
    time.timeZone = mkDefault "UTC";
    environment.etc."timezone".text = "${if config.time.timeZone == null then "UTC" else config.time.timeZone}\n";
  };
}
