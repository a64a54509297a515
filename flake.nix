{
  description = "cc-ci tests Co-op Cloud recipes end to end";

  inputs = {
    # Deno with denort, the part of it that a binary is made of, is in this branch since mid 2026.
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    sops-nix = {
      url = "github:Mic92/sops-nix";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs = inputs: import ./nix/outputs.nix inputs;
}
