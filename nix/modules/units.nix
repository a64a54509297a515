# The units of host/units.json as options of systemd, so that a host can change each line of them.
{ config, lib, ... }:
let
  cfg = config.services.cc-ci;
  inherit (lib) mkIf mkOption types;
  onlyIf = condition: names: if condition then names else [ ];
  # Units by the part of the host that they are.
  here = [ "cc-ci.target" ]
    ++ onlyIf cfg.swarm.enable [ "cc-ci-swarm.service" ]
    ++ onlyIf cfg.proxy.enable [ "cc-ci-proxy.service" "cc-ci-proxy.path" "cc-ci-proxy.timer" ]
    ++ onlyIf cfg.drone.enable [ "cc-ci-drone.service" ]
    ++ onlyIf cfg.backupBot.enable [ "cc-ci-backup-bot.service" ]
    ++ onlyIf cfg.dashboard.enable [ "cc-ci-dashboard.service" ]
    # Without these settings it would end at its start.
    ++ onlyIf (cfg.bridge.enable && cfg.drone.enable && (cfg.drone.commit != null || cfg.settings ? drone.commit)) [ "cc-ci-bridge.service" ]
    ++ onlyIf cfg.runner.enable [ "cc-ci-runner.service" ]
    ++ onlyIf cfg.janitor.enable [ "cc-ci-janitor.service" "cc-ci-janitor.timer" ];
  units = lib.filterAttrs (name: _: builtins.elem name here) cfg.described.units;

  words = lines: lib.concatMap (lib.splitString " ") lines;
  own = [ "Description" "After" "Before" "Wants" "Requires" "X-RestartIfChanged" ];
  line = lines: if builtins.length lines == 1 then builtins.head lines else lines;
  common = { Unit ? { }, Install ? { }, ... }: {
    description = line (Unit.Description or [ "" ]);
    after = words (Unit.After or [ ]);
    before = words (Unit.Before or [ ]);
    wants = words (Unit.Wants or [ ]);
    requires = words (Unit.Requires or [ ]);
    wantedBy = words (Install.WantedBy or [ ]);
    unitConfig = lib.mapAttrs (_: line) (removeAttrs Unit own);
  };
  ofKind = kind: more: lib.mapAttrs'
    (name: unit: lib.nameValuePair (lib.removeSuffix ".${kind}" name) (common unit // more unit))
    (lib.filterAttrs (name: _: lib.hasSuffix ".${kind}" name) units);
in
{
  options.services.cc-ci = {
    holes = mkOption { type = types.attrsOf types.str; internal = true; description = "What fills the holes of host/units.json."; };
    described = mkOption { type = types.raw; internal = true; description = "host/units.json, filled."; };
    unitsHere = mkOption { type = types.raw; internal = true; description = "The units of this host."; };
  };
  config = mkIf cfg.enable {
    services.cc-ci = {
      described = import ../units.nix { values = cfg.holes; credentials = cfg.optionalSecrets; inherit (cfg) command; };
      unitsHere = units;
    };
    systemd = {
      services = ofKind "service" (unit: {
        # NixOS writes them as they stand, and systemd reads a per cent sign as the beginning of a specifier.
        environment = lib.mapAttrs (_: builtins.replaceStrings [ "%" ] [ "%%" ]) unit.environment;
        # The PATH of a unit that starts programs is in its environment, and the others start none.
        enableDefaultPath = false;
        restartIfChanged = (unit.Unit.X-RestartIfChanged or [ "true" ]) != [ "false" ];
        serviceConfig = lib.mapAttrs (_: line) unit.Service;
      });
      timers = ofKind "timer" (unit: { timerConfig = lib.mapAttrs (_: line) unit.Timer; });
      paths = ofKind "path" (unit: { pathConfig = lib.mapAttrs (_: line) unit.Path; });
      targets = ofKind "target" (_: { });
    };
  };
}
