# What a host says of itself, apart from which parts it has.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  names = import ./names.nix;
  option = type: description: mkOption { inherit type description; };
  usually = default: type: description: mkOption { inherit default type description; };
  # A file or folder that is there on the host alone: one in the store could be read by everybody.
  onTheHost = types.strMatching "/.*";
in
{
  options.services.cc-ci = {
    enable = usually false types.bool "Whether this host tests recipes of Co-op Cloud.";
    domain = option (types.strMatching names.domain)
      "The domain of the dashboard; Drone, Traefik and the apps under test lie below it.";
    forge = {
      url = option (types.strMatching "https?://(\\[[0-9a-f:.]+]|[a-z0-9.-]+)(:[0-9]+)?") "Address of the forge in lower case, without a slash at its end.";
      org = option (types.strMatching names.org) "The organisation whose members may give commands.";
    };
    gateway = {
      address = usually "172.18.0.1" (types.strMatching names.address)
        "Address of docker_gwbridge, on which dashboard and bridge listen.";
      subnet = usually "172.18.0.0/16" (types.strMatching names.network) "The network of docker_gwbridge.";
    };
    certificates = usually "/var/lib/ci-certs/live" onTheHost
      "Folder with fullchain.pem and privkey.pem of a certificate for the domain and *.domain.";
    ca = usually null (types.nullOr onTheHost)
      "PEM file of the CA that signed the certificate, where the system does not know that CA.";
    hostName = usually config.networking.hostName types.str "What people call this host; no other runner host has this name.";
    recipes = usually null (types.nullOr types.path) "Folder of enrolments; null: the one of this version of cc-ci.";
    minFreeGb = usually 10 types.ints.unsigned "Gigabytes that have to be free before a run begins.";

    secretsFile = usually null (types.nullOr types.path)
      "A file of sops with one key for each secret; sops-nix decrypts it on the host.";
    secrets = usually "/etc/cc-ci/secrets" onTheHost
      "Folder with one file for each secret, where there is no secretsFile.";
    optionalSecrets = usually [ ] (types.listOf (types.enum [ "registry_auth" "git_token" "status_token" ]))
      "Secrets that this host has although it could do without: log-in at a registry, at git, for commit statuses.";

    registry = usually null (types.nullOr (types.strMatching "https?://.*"))
      "Where npm's packages are, as \"npm config get registry\" prints it; null: what .npmrc of this tree says.";
    bundles = option types.package "The programs, as nix/bundles.nix makes them.";
    deno = option types.package "The Deno that runs the programs and the tests of recipes.";
    abra = option types.package "The abra that deploys apps.";
    droneRunner = option types.package "Drone's exec runner.";
    binaries = option types.bool
      "Whether the programs are binaries of deno compile, which have their permissions in them; otherwise Deno runs the bundles.";
    settings = usually { } (types.attrsOf types.anything) "Further settings of host/settings.ts, which take the place of what the options say.";
  };
}
