# host/units.json as one host needs it, by the rules of host/units.ts; a test holds the two together.
#
# values       what fills the holes, by their names; those with a usual value may be left out
# credentials  names of the optional credentials that this host has
# command      { program, places } → the words that start one of our programs
#
# Each unit is { Unit, Service, Timer, Path, Install } with lists of lines by key, and { environment, loads }.
{ values, credentials ? [ ], command }:
let
  described = builtins.fromJSON (builtins.readFile ../host/units.json);

  toList = value: if builtins.isList value then value else [ value ];
  join = builtins.concatStringsSep;
  filterAttrs = keep: attrs: removeAttrs attrs
    (builtins.filter (name: !keep name attrs.${name}) (builtins.attrNames attrs));

  unknown = builtins.filter (name: !(described.holes ? ${name})) (builtins.attrNames values);
  holes =
    assert unknown == [ ] || throw "host/units.json has no hole \"${builtins.head unknown}\"";
    builtins.mapAttrs (name: hole: values.${name} or (fill holes (hole.usually or (throw "A value is missing: ${hole.means}")))) described.holes;

  # Fills the holes of a text; values may be paths of the store, and keep what they depend on.
  fill = with': text: join "" (map
    (part:
      if !builtins.isList part then part
      else with'.${builtins.head part} or (throw "Nothing fills {${builtins.head part}} in \"${text}\""))
    (builtins.split "\\{([a-zA-Z]+)}" text));

  # systemd reads a per cent sign as the beginning of a specifier.
  specified = builtins.replaceStrings [ "%" ] [ "%%" ];

  # One word as systemd reads it, in which it fills in no specifier.
  word = text:
    let plain = specified text;
    in
    if builtins.match "[A-Za-z0-9_./:@%+=,$-]+" plain != null then plain
    else "\"${builtins.replaceStrings [ "\\" "\"" "\n" ] [ "\\\\" "\\\"" "\\n" ] plain}\"";
  # systemd fills variables into a command line as well, except into the name of the program.
  commandLine = words: join " " (map word ([ (builtins.head words) ] ++ map (builtins.replaceStrings [ "$" ] [ "$$" ]) (builtins.tail words)));

  variables = with': attrs: filterAttrs (_: value: value != "") (builtins.mapAttrs (_: fill with') attrs);
  environmentOf = with': names: builtins.foldl' (all: name: all // variables with' described.environments.${name}) { } names;

  unit = name: one:
    let
      here = holes // { credentials = "/run/credentials/${name}"; };
      inLines = builtins.mapAttrs (_: specified) here;
      sectionsOf = part: builtins.mapAttrs
        (_: builtins.mapAttrs (_: lines: map (fill inLines) (toList lines)))
        (filterAttrs (key: _: builtins.elem key [ "Unit" "Service" "Timer" "Path" "Install" ]) part);
      merge = one: other: one // builtins.mapAttrs (section: lines: (one.${section} or { }) // lines) other;
      sections = builtins.foldl' merge { } (map sectionsOf (map (set: described.sets.${set}) (one.sets or [ ]) ++ [ one ]));

      loaded = builtins.filter
        (credential: !(credential.optional or false) || builtins.elem credential.name credentials)
        (one.credentials or [ ]);
      ofCredentials = builtins.listToAttrs (map
        (credential: { name = "${credential.setting}_FILE"; value = "${here.credentials}/${credential.name}"; })
        (builtins.filter (credential: credential ? setting) loaded));

      line = call:
        let
          places = builtins.mapAttrs (_: list: builtins.filter (entry: entry != "") (map (fill here) list)) (call.places or { });
          words =
            if call ? words then map (fill here) call.words
            else command { inherit (call) program; inherit places; } ++ (call.arguments or [ ]);
        in
        "${if call.mayFail or false then "-" else ""}${commandLine words}";
      commands = builtins.mapAttrs (_: map line) (one.commands or { });
    in
    sections // {
      environment = environmentOf here (one.environments or [ ]) // variables here (one.environment or { }) // ofCredentials;
      # Secrets out of the folder of secrets, by their names.
      secrets = map (credential: credential.name) (builtins.filter (credential: !(credential ? from)) loaded);
      Service = (sections.Service or { }) // commands // (if loaded == [ ] then { } else {
        LoadCredential = map
          (credential: word "${credential.name}:${fill here (credential.from or "{secrets}/${credential.name}")}")
          loaded;
      });
    };
in
{
  units = builtins.mapAttrs unit described.units;
  # Commands for people and for Drone's pipelines: their words, and variables that they run with.
  commands = builtins.mapAttrs
    (_: { program, environments }: {
      words = command { inherit program; places = { }; };
      environment = environmentOf holes environments;
    })
    described.commands;
  inherit holes;
}
