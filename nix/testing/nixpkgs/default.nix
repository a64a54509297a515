# What nix/ takes of nixpkgs: functions made of this machine's own tools, which really build, and packages that are no
# more than a name. For tests where there is no nixpkgs.
#
# path: folders with sh, tar, coreutils and the like, as in $PATH; deno: folder with bin/deno
{ system ? "x86_64-linux", overlays ? [ ], config ? { }, path ? "/usr/bin:/bin", deno ? "/opt/deno" }:
let
  package = name: version: { type = "derivation"; inherit name version; outPath = "/opt/${name}"; };
  self = builtins.foldl' (before: overlay: before // overlay self before) base overlays;
  named = builtins.listToAttrs (map (name: { inherit name; value = package name "1"; })
    [
      "age"
      "bash"
      "chromium"
      "coreutils"
      "curl"
      "docker"
      "drone-runner-exec"
      "findutils"
      "git"
      "gnugrep"
      "gnused"
      "gnutar"
      "gzip"
      "iproute2"
      "iptables"
      "jq"
      "nixpkgs-fmt"
      "openssl"
      "procps"
      "runc"
      "sops"
      "util-linux"
    ]);
  base = named // {
    lib = import ../lib.nix;
    stdenv.hostPlatform = { inherit system; parsed.cpu.name = builtins.head (builtins.split "-" system); };
    nss.tools = package "nss" "1";
    abra = package "abra" "0.13.0";
    deno = package "deno" "2.9.6" // { outPath = deno; denort = deno; };
    fetchurl = { url, name, hash }: import <nix/fetchurl.nix> { inherit url name hash; };
    runCommand = name: { passthru ? { }, nativeBuildInputs ? [ ], ... }@given: script:
      derivation
        (removeAttrs given [ "passthru" "nativeBuildInputs" ] // {
          inherit name system;
          builder = "/bin/sh";
          args = [ "-euc" script ];
          PATH = builtins.concatStringsSep ":" (map (input: "${input}/bin") nativeBuildInputs ++ [ path ]);
        }) // passthru;
    writeTextFile = { name, text, ... }: { type = "derivation"; inherit name text; outPath = "/opt/${name}"; };
    writeShellScript = name: text: builtins.toFile name text;
    mkShell = given: given;
    testers.runNixOSTest = test: test;
    callPackage = file: given:
      let
        make = changes:
          let function = import file;
          in function (builtins.intersectAttrs (builtins.functionArgs function) self // given // changes) // { override = make; };
      in
      make { };
  };
in
self
