# Secrets by sops-nix: each unit is handed the files that it names, and starts again when one of them has changed.
{ config, lib, options, ... }:
let
  cfg = config.services.cc-ci;
  units = cfg.unitsHere;
  names = lib.unique (lib.concatMap (unit: unit.secrets) (lib.attrValues units));
  # A run would die with the runner; it reads the new secret when it next starts.
  restarted = name: builtins.filter
    (unit: builtins.elem name units.${unit}.secrets && (units.${unit}.Unit.X-RestartIfChanged or [ ]) != [ "false" ])
    (lib.attrNames units);
in
{
  # Without sops-nix there are no such options; nix/modules/advice.nix says so.
  config = lib.mkIf cfg.enable (lib.optionalAttrs (options ? sops) {
    sops = lib.mkIf (cfg.secretsFile != null) {
      age.sshKeyPaths = lib.mkDefault [ "/etc/ssh/ssh_host_ed25519_key" ];
      environment.SOPS_AGE_SSH_PRIVATE_KEY_FILE = lib.mkDefault "/etc/ssh/ssh_host_ed25519_key";
      secrets = lib.listToAttrs (map
        (name: lib.nameValuePair "cc-ci/${name}" { sopsFile = cfg.secretsFile; key = name; restartUnits = restarted name; })
        names);
    };
  });
}
