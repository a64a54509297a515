# The part of nixpkgs' lib that nix/ uses, for machines without nixpkgs. Its modules are nix/testing/modules.nix.
let
  modules = import ./modules.nix;
  splitString = separator: text:
    builtins.filter builtins.isString (builtins.split (builtins.replaceStrings [ "." ] [ "\\." ] separator) text);
in
rec {
  inherit (builtins) attrNames attrValues concatMap concatStringsSep elem filter head length listToAttrs mapAttrs;
  inherit (modules) evalModules mkDefault mkForce mkIf mkMerge mkOption mkRemovedOptionModule types;
  inherit splitString;
  optional = condition: value: if condition then [ value ] else [ ];
  optionalAttrs = condition: attrs: if condition then attrs else { };
  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = function: attrs: map (name: function name attrs.${name}) (attrNames attrs);
  mapAttrs' = function: attrs: listToAttrs (mapAttrsToList function attrs);
  filterAttrs = keep: attrs: removeAttrs attrs (filter (name: !keep name attrs.${name}) (attrNames attrs));
  genAttrs = names: function: listToAttrs (map (name: nameValuePair name (function name)) names);
  concatStrings = concatStringsSep "";
  concatMapStringsSep = separator: function: list: concatStringsSep separator (map function list);
  unique = builtins.foldl' (seen: one: if elem one seen then seen else seen ++ [ one ]) [ ];
  hasPrefix = start: text: builtins.substring 0 (builtins.stringLength start) text == start;
  hasSuffix = end: text:
    let rest = builtins.stringLength text - builtins.stringLength end;
    in rest >= 0 && builtins.substring rest (-1) text == end;
  removeSuffix = end: text:
    if hasSuffix end text then builtins.substring 0 (builtins.stringLength text - builtins.stringLength end) text else text;
  toInt = builtins.fromJSON;
  versionAtLeast = version: least: builtins.compareVersions version least >= 0;
  makeBinPath = concatMapStringsSep ":" (package: "${package}/bin");
  getName = package: package.pname or (builtins.parseDrvName package.name).name;
  recursiveUpdate = one: other: one // mapAttrs
    (name: value: if builtins.isAttrs value && builtins.isAttrs (one.${name} or null) then recursiveUpdate one.${name} value else value)
    other;
}
