# What "nix flake check" looks at.
{ pkgs, self }:
let
  inherit (pkgs) cc-ci lib;
  inDeno = name: commands: pkgs.runCommand "cc-ci-${name}" { nativeBuildInputs = [ pkgs.deno pkgs.git pkgs.util-linux pkgs.openssl ]; } ''
    export HOME="$TMPDIR/home" DENO_DIR="$TMPDIR/deno" NPM_CONFIG_REGISTRY=${cc-ci.npm.address} DENO_NO_UPDATE_CHECK=1
    mkdir -p "$HOME" "$DENO_DIR"
    ln -s ${cc-ci.npm} "$DENO_DIR/npm"
    cp -R --no-preserve=mode ${self} "$TMPDIR/cc-ci"
    cd "$TMPDIR/cc-ci"
    ${commands}
    touch "$out"
  '';
in
{
  inherit (cc-ci) bundles;
  format = inDeno "format" "deno fmt --check && deno lint";
  nix-format = pkgs.runCommand "cc-ci-nix-format" { nativeBuildInputs = [ pkgs.nixpkgs-fmt ]; } ''
    nixpkgs-fmt --check ${self}/flake.nix ${self}/nix && touch "$out"
  '';
  types = inDeno "types" "deno check --cached-only --frozen .";
  # Tests of what needs no Docker, no browser and no namespaces, which a sandbox has not.
  unit = inDeno "unit" "deno test -A --no-check --cached-only --frozen common protocol enrolment wording bridge dashboard";
  programs = import ./programs.nix { inherit pkgs; };
} // lib.optionalAttrs (pkgs.stdenv.hostPlatform.system == "x86_64-linux") {
  example = self.nixosConfigurations.example.config.system.build.toplevel;
  example-runner = self.nixosConfigurations.example-runner.config.system.build.toplevel;
  vm = import ./vm.nix { inherit pkgs self; };
}
