# A second host, which only runs tests: it takes builds of the Drone on the first one and reports to its dashboard.
{ config, lib, ... }:
{
  imports = [ ./host.nix ];
  networking.hostName = "ci-2";
  services.cc-ci = {
    # Apps that it tests lie below a domain of its own.
    domain = lib.mkForce "ci-2.example.org";
    runnerOf = {
      domain = "ci.example.org";
      # Its pipelines, which host.nix names: this host takes builds of nothing else.
      inherit (config.services.cc-ci.drone) repository;
    };
  };
}
