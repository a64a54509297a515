# Deno's cache of npm packages, made from deno.lock alone: each entry there has its tarball's sha512, so there is no
# hash of ours to keep up. Deno reads the cache with --cached-only --frozen and asks no registry for anything.
#
# lock      path of deno.lock
# registry  where the tarballs are: what "npm config get registry" prints, or any mirror; the result is the same
{ fetchurl, runCommand, lock, registry }:
let
  locked = builtins.fromJSON (builtins.readFile lock);

  # "@scope/name@1.2.3_peer@4.5.6": names may hold "_", versions may not, and what follows a version's "_" are peers.
  nameAndVersion = key:
    let parts = builtins.match "(@?[^@]+)@([^_@]+).*" key;
    in
    if parts == null
    then throw "deno.lock: nix/npm.nix cannot read the npm entry \"${key}\""
    else { name = builtins.elemAt parts 0; version = builtins.elemAt parts 1; };

  withoutSlash = url: builtins.head (builtins.match "(.*[^/])/*" url);

  # One package may stand there several times, each with other peers.
  packages = builtins.attrValues (builtins.listToAttrs (map
    (key:
      let
        inherit (nameAndVersion key) name version;
        url = "${withoutSlash registry}/${name}/-/${baseNameOf name}-${version}.tgz";
      in
      {
        name = "${name}@${version}";
        value = {
          folder = "${name}/${version}";
          # The name shows nothing of the registry, so that the result is the same whichever it comes from.
          tarball = fetchurl {
            inherit url;
            name = "${baseNameOf name}-${version}.tgz";
            hash = locked.npm.${key}.integrity;
          };
        };
      })
    (builtins.attrNames locked.npm)));

  # Deno keeps packages below the name of their registry's host, and reads that name from this address.
  address = "https://npm.invalid";
in
assert locked.version == "5" || throw "deno.lock has version ${locked.version}, and nix/npm.nix reads version 5";
assert (locked.jsr or { } == { } && locked.remote or { } == { })
  || throw "deno.lock names code from elsewhere than npm, which nix/npm.nix does not bring";
runCommand "cc-ci-npm" { passthru = { inherit address packages; }; } (builtins.concatStringsSep ""
  (map
    ({ folder, tarball }: ''
      mkdir -p "$out/npm.invalid/${folder}"
      tar -xzf ${tarball} -C "$out/npm.invalid/${folder}" --strip-components=1 --delay-directory-restore \
        --no-same-owner --no-same-permissions
    '')
    packages) + ''
  chmod -R u+rwX,go+rX "$out"
'')
