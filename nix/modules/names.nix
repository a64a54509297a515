# Names and addresses as the host's program takes them (protocol/params.ts, hostName of protocol/dashboard_api.ts and
# host/settings.ts), so that a host is refused when it is built and not when it runs.
let
  label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?";
  # No two dots stand side by side in it.
  part = "[A-Za-z0-9](\\.?[A-Za-z0-9_-])*\\.?";
  byte = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
  address = "(${byte}\\.){3}${byte}";
in
{
  inherit address;
  network = "${address}/([0-9]|[12][0-9]|3[0-2])";
  domain = "${label}(\\.${label})+";
  org = "[A-Za-z0-9][A-Za-z0-9_.-]*";
  repository = "${part}/${part}";
  commit = "[0-9a-f]{40}([0-9a-f]{24})?";
  host = "[A-Za-z0-9][A-Za-z0-9._-]{0,62}";
}
