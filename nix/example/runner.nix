# A second host, which only runs tests: it takes builds of the Drone on the first one and reports to its dashboard.
{
  imports = [ ./host.nix ];
  networking.hostName = "ci-runner-2";
  services.cc-ci = {
    drone = {
      enable = false;
      host = "drone.ci.example.org";
    };
    dashboard.enable = false;
    bridge.enable = false;
  };
}
