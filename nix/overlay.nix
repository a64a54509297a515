final: _previous: {
  cc-ci = final.callPackage ./package.nix { };
}
