# Modules as NixOS has them, as far as nix/modules uses them: options with types, defaults and priorities, mkIf and
# mkMerge at every level. What a module sets and no option describes is refused with its name.
rec {
  mkOption = given: given // { _type = "option"; };
  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };
  override = priority: content: { _type = "override"; inherit priority content; };
  mkDefault = override 1000;
  mkForce = override 50;
  mkRemovedOptionModule = path: why: { config, ... }: {
    options = builtins.foldl' (inner: name: { ${name} = inner; })
      (mkOption { type = types.raw; default = null; })
      (builtins.foldl' (reversed: name: [ name ] ++ reversed) [ ] path);
    config.assertions = [{
      assertion = builtins.foldl' (set: name: set.${name}) config path == null;
      message = "The option ${builtins.concatStringsSep "." path} no longer has any effect; please remove it. ${why}";
    }];
  };

  # A value as a list of definitions { value, priority }.
  definitions = priority: value:
    let type = value._type or null;
    in
    if type == "if" then (if value.condition then definitions priority value.content else [ ])
    else if type == "merge" then builtins.concatMap (definitions priority) value.contents
    else if type == "override" then definitions value.priority value.content
    else [{ inherit priority value; }];
  # The same of sets that no condition has been asked for yet: conditions may depend on what lies beside them.
  pushedDown = value:
    let
      type = value._type or null;
      around = function: map (builtins.mapAttrs (_: function)) (pushedDown value.content);
    in
    if type == "if" then around (mkIf value.condition)
    else if type == "merge" then builtins.concatMap pushedDown value.contents
    else if type == "override" then around (override value.priority)
    else [ value ];
  namesOf = sets: builtins.attrNames (builtins.foldl' (all: set: all // set) { } sets);

  # Definitions of what lies below a name in each of these.
  below = name: builtins.concatMap
    ({ priority, value }: if builtins.isAttrs value && value ? ${name} then definitions priority value.${name} else [ ]);
  namesIn = defined: namesOf (map (one: one.value) defined);

  strongest = defined:
    let least = builtins.foldl' (least: one: if one.priority < least then one.priority else least) 9999 defined;
    in map (one: one.value) (builtins.filter (one: one.priority == least) defined);

  one = path: values:
    if builtins.all (value: value == builtins.head values) (builtins.tail values) then builtins.head values
    else throw "The option ${path} has several values";
  simple = name: check: {
    inherit name; merge = path: defined:
    let value = one path (strongest defined);
    in if check value then value else throw "The option ${path} is no ${name}";
  };
  deep = path: defined:
    let values = strongest defined;
    in
    if builtins.all (value: builtins.isAttrs value && !(value ? outPath)) values
    then
      builtins.listToAttrs
        (map (name: { inherit name; value = deep "${path}.${name}" (below name defined); })
          (builtins.filter (name: below name defined != [ ]) (namesIn defined)))
    else if builtins.all builtins.isList values then builtins.concatLists values
    else one path values;

  types = rec {
    str = simple "string" builtins.isString;
    bool = simple "boolean" builtins.isBool;
    path = simple "path" (value: builtins.isPath value || builtins.isString value && builtins.substring 0 1 value == "/" || value ? outPath);
    package = simple "package" (value: value ? outPath);
    raw = simple "value" (_: true);
    ints = { unsigned = simple "number" (value: builtins.isInt value && value >= 0); positive = simple "positive number" (value: builtins.isInt value && value > 0); };
    strMatching = pattern: simple "string matching ${pattern}" (value: builtins.isString value && builtins.match pattern value != null);
    enum = allowed: simple "one of ${builtins.toJSON allowed}" (value: builtins.elem value allowed);
    nullOr = type: {
      name = "null or ${type.name}";
      merge = path: defined:
        if builtins.all (value: value == null) (strongest defined) then null else type.merge path defined;
    };
    listOf = type: {
      name = "list of ${type.name}";
      merge = path: defined: builtins.concatMap
        (value: map (entry: type.merge path [{ priority = 100; value = entry; }])
          (if builtins.isList value then value else throw "The option ${path} is no list"))
        (strongest defined);
    };
    attrsOf = type: {
      name = "set of ${type.name}";
      merge = path: defined: builtins.listToAttrs (map
        (name: { inherit name; value = type.merge "${path}.${name}" (below name defined); })
        (builtins.filter (name: below name defined != [ ]) (namesIn defined)));
    };
    anything = { name = "anything"; merge = deep; };
  };

  evalModules = { modules, specialArgs ? { } }:
    let
      load = module:
        let
          it = if builtins.isPath module || builtins.isString module then import module else module;
          given = if builtins.isFunction it then it ({ inherit config options; inherit (specialArgs) lib pkgs; } // specialArgs) else it;
          rest = removeAttrs given [ "imports" "options" "config" "_file" ];
        in
        builtins.concatMap load (given.imports or [ ])
        ++ [{ options = given.options or { }; config = mkMerge [ (given.config or { }) rest ]; }];
      loaded = builtins.concatMap load modules;
      mergeOptions = builtins.foldl'
        (all: one: all // builtins.mapAttrs
          (name: option: if all ? ${name} && !(option ? _type) then mergeOptions [ all.${name} option ] else option)
          one)
        { };
      options = mergeOptions (map (one: one.options) loaded);
      value = path: option: given:
        if option._type or null == "option" then
          let all = builtins.concatMap (definitions 100) given ++ (if option ? default then [{ priority = 1500; value = option.default; }] else [ ]);
          in
          if all == [ ] then throw "The option ${path} is used and has no value"
          else option.type.merge path all
        else
          let
            sets = builtins.concatMap pushedDown given;
            unknown = builtins.filter (name: !(option ? ${name})) (namesOf sets);
            inside = name: map (set: set.${name}) (builtins.filter (set: set ? ${name}) sets);
          in
          if unknown != [ ] then throw "There is no option ${path}${builtins.head unknown}"
          else builtins.mapAttrs (name: inner: value "${path}${name}${if inner ? _type then "" else "."}" inner (inside name)) option;
      config = value "" options (map (one: one.config) loaded);
    in
    { inherit config options; };
}
