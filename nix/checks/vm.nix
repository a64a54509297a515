# A host comes up from nothing, and a second activation changes nothing. Its forge and its images are not there, so
# what needs them has to say so and to be tried again, and the dashboard has to answer all the same.
{ pkgs, self }:
pkgs.testers.runNixOSTest {
  name = "cc-ci";
  # The module brings an overlay.
  node.pkgsReadOnly = false;
  nodes.host = {
    imports = [ self.nixosModules.default ];
    services.cc-ci = {
      enable = true;
      domain = "ci.example.org";
      forge = { url = "https://git.example.org"; org = "recipe-maintainers"; };
      drone.enable = false;
      runner.enable = false;
    };
    virtualisation = { memorySize = 3072; diskSize = 8192; };
    systemd.services.cc-ci-secrets = {
      wantedBy = [ "multi-user.target" ];
      before = [ "cc-ci-swarm.service" "cc-ci-dashboard.service" "cc-ci-bridge.service" "cc-ci-backup-bot.service" ];
      serviceConfig.Type = "oneshot";
      path = [ pkgs.openssl ];
      script = ''
        mkdir -p /etc/cc-ci/secrets /var/lib/ci-certs/live
        for name in bridge_token runner_token forge_token webhook_secret drone_token restic_password; do
          echo "$name-of-a-test" > /etc/cc-ci/secrets/$name
        done
        chmod -R go= /etc/cc-ci/secrets
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=test \
          -addext subjectAltName=DNS:ci.example.org,DNS:*.ci.example.org \
          -keyout /var/lib/ci-certs/live/privkey.pem -out /var/lib/ci-certs/live/fullchain.pem
      '';
    };
    environment.systemPackages = [ pkgs.curl ];
  };
  testScript = ''
    host.wait_for_unit("docker.service")
    host.wait_until_succeeds("docker info --format '{{.Swarm.LocalNodeState}}' | grep -x active")
    host.succeed("docker info --format '{{.DefaultRuntime}}' | grep -x cc-ci")
    host.succeed("docker network inspect proxy")
    host.wait_for_unit("cc-ci-dashboard.service")
    host.wait_until_succeeds("curl --fail --insecure https://172.18.0.1:3181/healthz")
    host.succeed("grep -x UTC /etc/timezone")
    before = host.succeed("systemctl show -P MainPID cc-ci-dashboard.service")
    host.succeed("systemctl start multi-user.target")
    assert before == host.succeed("systemctl show -P MainPID cc-ci-dashboard.service")
    host.succeed("cc-ci-harness --help && cc-ci-host --help")
    assert "of-a-test" not in host.succeed("cat /proc/*/cmdline | tr '\\0' ' '; systemctl cat 'cc-ci-*'; grep -rl of-a-test /run/current-system || true")
  '';
}
