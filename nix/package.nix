# cc-ci as nixpkgs has packages: the bundles, and functions that make a binary of one of them and look at settings.
{ runCommand, fetchurl, stdenv, deno, registry ? null }:
let
  cpu = { x86_64 = "x64"; aarch64 = "arm64"; }.${stdenv.hostPlatform.parsed.cpu.name};
  from = if registry == null then import ./registry.nix else registry;
  packagesOf = lock: import ./npm.nix { inherit fetchurl runCommand lock; registry = from; };
  src = import ./source.nix;
in
rec {
  inherit src;
  npm = packagesOf ../deno.lock;
  bundler = packagesOf ./bundler/deno.lock;
  bundles = import ./bundles.nix {
    inherit runCommand deno npm bundler src cpu;
  };
  checkSettings = import ./settings.nix { inherit runCommand deno npm src; };
  binary = { program, places, deno, bundles }: import ./program.nix {
    inherit runCommand deno src bundles program places;
    denort = "${deno.denort}/bin/denort";
  };
}
