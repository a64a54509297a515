# This tree without what no program is made of, so that a change to documents or to nix/ builds nothing anew.
builtins.path {
  name = "cc-ci-source";
  path = ./..;
  filter = path: _type:
    let top = builtins.head (builtins.match "/?([^/]*).*" (builtins.substring (builtins.stringLength (toString ./..)) (-1) path));
    in !(builtins.elem top [ ".git" ".npmrc" "docs" "nix" "node_modules" "flake.nix" "flake.lock" "result" ]);
}
