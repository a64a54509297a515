{
  description = "A host of cc-ci";

  # Where your copy of cc-ci is; its nixpkgs and sops-nix are this host's.
  inputs.cc-ci.url = "git+https://code.example.net/cc-ci";

  outputs = { cc-ci, ... }: {
    nixosConfigurations.ci = cc-ci.inputs.nixpkgs.lib.nixosSystem {
      modules = [ cc-ci.nixosModules.default cc-ci.inputs.sops-nix.nixosModules.sops ./host.nix ];
    };
  };
}
