# Everything that a host of cc-ci is, as "services.cc-ci".
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
  ];
}
