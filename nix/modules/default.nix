# Everything that a host of cc-ci is, as "services.cc-ci".
{ lib, ... }:
let
  gone = path: lib.mkRemovedOptionModule ([ "services" "cc-ci" ] ++ path);
in
{
  imports = [
    ./options.nix
    ./parts.nix
    ./programs.nix
    ./units.nix
    ./host.nix
    ./docker.nix
    ./secrets.nix
    ./advice.nix
    (gone [ "drone" "host" ] "A further host says runnerOf.domain, and runnerOf.drone where that Drone has another name; the first host says settings.drone.domain.")
    (gone [ "proxy" "extraRoutes" ] "It had no effect: put a file of Traefik's file provider into the volume file-providers of Traefik.")
  ];
}
