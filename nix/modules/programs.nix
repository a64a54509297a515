# What starts our programs here, and the commands that people and Drone's pipelines find on the PATH.
{ config, lib, pkgs, ... }:
let
  cfg = config.services.cc-ci;
  inherit (lib) mkDefault mkIf mkOption types;
  described = cfg.described;
  # What harness, host's program and Drone's pipelines call.
  called = [
    cfg.abra
    cfg.deno
    pkgs.docker
    pkgs.chromium
    pkgs.nss.tools
    pkgs.util-linux
    pkgs.git
    pkgs.openssl
    pkgs.iproute2
    pkgs.iptables
    pkgs.procps
    pkgs.gnutar
    pkgs.gzip
    pkgs.coreutils
    pkgs.findutils
    pkgs.gnugrep
    pkgs.gnused
    pkgs.bash
  ];
  quoted = word: if builtins.match "[A-Za-z0-9_./:@%+=,-]+" word != null then word else "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] word}'";
  script = name: { words, environment }: pkgs.writeTextFile {
    inherit name;
    executable = true;
    destination = "/bin/${name}";
    text = ''
      #!/bin/sh
      # With the settings of this host.
    '' + lib.concatStrings (lib.mapAttrsToList (variable: value: "export ${variable}=${quoted value}\n") environment)
    + "exec ${lib.concatMapStringsSep " " quoted words} \"$@\"\n";
  };
in
{
  options.services.cc-ci.command = mkOption {
    type = types.raw;
    internal = true;
    description = "{ program, places }: the words that start one of our programs.";
  };
  config = mkIf cfg.enable {
    services.cc-ci = {
      bundles = mkDefault (pkgs.cc-ci.override { inherit (cfg) registry deno; }).bundles;
      deno = mkDefault pkgs.deno;
      abra = mkDefault pkgs.abra;
      droneRunner = mkDefault pkgs.drone-runner-exec;
      binaries = mkDefault (cfg.deno ? denort);
      command =
        if cfg.binaries
        then { program, places }: [ "${pkgs.cc-ci.binary { inherit (cfg) bundles deno; inherit program places; }}/bin/cc-ci-${program}" ]
        else import ../command.nix { deno = "${cfg.deno}/bin/deno"; programs = "${cfg.bundles}"; };
      holes = {
        deno = "${cfg.deno}/bin/deno";
        sh = "/bin/sh";
        programs = "${cfg.bundles}";
        runner = "${cfg.droneRunner}/bin/drone-runner-exec";
        # The commands below are found by /run/current-system, lest they name themselves.
        path = "${lib.makeBinPath called}:/run/wrappers/bin:/run/current-system/sw/bin";
      };
    };
    environment.systemPackages = lib.mapAttrsToList script described.commands ++ [ cfg.abra ];
  };
}
