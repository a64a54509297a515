# Names as the host's program takes them (protocol/params.ts and hostName of protocol/dashboard_api.ts), so that a host
# is refused when it is built and not when it runs.
let
  label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
  # No two dots stand side by side in it.
  part = "[A-Za-z0-9](\\.?[A-Za-z0-9_-])*\\.?";
in
{
  domain = "${label}(\\.${label})+";
  org = "[A-Za-z0-9][A-Za-z0-9_.-]*";
  repository = "${part}/${part}";
  commit = "[0-9a-f]{40}([0-9a-f]{24})?";
  host = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
}
