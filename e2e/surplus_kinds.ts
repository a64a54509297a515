/** Something that whoever deploys may do beyond what was checked, by docker's own client. */
export interface SurplusKind {
  what: string;
  /** Shell commands; `$S` is the stack, `$D` the docker client. */
  commands: string;
  /** Done before the deploy, and not after it. */
  before?: true;
  /** Removes what is not the stack's. */
  after?: string;
  /** What must be said of it. */
  says: RegExp;
}

/** An update of the service "app". */
function update(what: string, options: string, says: RegExp): SurplusKind {
  return { what, commands: `$D service update --quiet --detach ${options} $S"_app"`, says };
}

export const surplusKinds: readonly SurplusKind[] = [
  update("a folder of the host", "--mount-add type=bind,source=/etc,target=/host", /Mounts\.\/host.*\/etc/),
  update("a volume of others", "--mount-add type=volume,source=theirs,target=/x", /Mounts\.\/x.*theirs/),
  update(
    "a volume that is a folder of the host",
    "--mount-add type=volume,target=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc",
    /Mounts\.\/x.*device/,
  ),
  update("a capability", "--cap-add SYS_ADMIN", /CapabilityAdd.*CAP_SYS_ADMIN/),
  update(
    "a capability that was taken away",
    "--cap-add NET_RAW",
    /without "ContainerSpec\.CapabilityDrop" .*CAP_NET_RAW/,
  ),
  update("another image", "--image nginx:other", /Image" "nginx:other", and "nginx:1.22.1"/),
  update("another user", "--user 12", /User" "12"/),
  update("more tasks", "--replicas 7", /Mode\.Replicas" "7", and "1"/),
  update("a larger limit", "--limit-memory 900m", /Resources\.Limits\.MemoryBytes" "943718400"/),
  update("no bounds of its log", "--log-driver local", /LogDriver/),
  update(
    "a router",
    "--label-add traefik.http.routers.x.rule=Host",
    /Labels\.traefik\.http\.routers\.x\.rule/,
  ),
  update("a label of the container", "--container-label-add x=y", /ContainerSpec\.Labels\.x/),
  update("a variable", "--env-add LD_PRELOAD=/x", /Env.*LD_PRELOAD/),
  update("another command", "--args true", /Args/),
  update("another entry point", "--entrypoint /bin/sh", /Command/),
  update("a host name", "--hostname git.ci.localhost", /Hostname" "git.ci.localhost"/),
  update("an entry of /etc/hosts", "--host-add git:127.0.0.1", /Hosts.*git/),
  update("a name server", "--dns-add 127.0.0.1", /DNSConfig/),
  update("a kernel parameter", "--sysctl-add net.ipv4.ip_forward=1", /Sysctls/),
  update("a limit of the shell's", "--ulimit-add nofile=999999", /Ulimits/),
  update("a published port", "--publish-add mode=host,published=3181,target=80", /Ports.*3181/),
  update("a health check that runs something else", '--health-cmd "id"', /Healthcheck/),
  update("the right to write", "--read-only=false", /without "ContainerSpec\.ReadOnly"/),
  update("another node", "--constraint-rm node.labels.none==1", /without "Placement" .*node\.labels\.none/),
  {
    what: "a secret of others",
    commands:
      'echo x | $D secret create theirs_$S - && $D service update -q -d --secret-add theirs_$S $S"_app"',
    after: "$D secret rm theirs_$S",
    says: /Secrets/,
  },
  {
    what: "a network",
    commands:
      '$D network create -d overlay $S"_more" && $D service update -q -d --network-add $S"_more" $S"_app"',
    says: /network "more" that is in no|Networks/,
  },
  {
    what: "another service",
    commands:
      '$D service create -q -d --name $S"_more" --constraint node.labels.none==1 --label com.docker.stack.namespace=$S nginx:1.22.1',
    says: /service "more" that is in no checked/,
  },
  {
    what: "another service without the stack's label",
    commands: '$D service create -q -d --name $S"_more" --constraint node.labels.none==1 nginx:1.22.1',
    says: /service "more" that is in no checked/,
  },
  {
    what: "a volume that is a folder of the host under a name of the stack",
    commands: '$D volume create -o type=none -o o=bind -o device=/etc $S"_more"',
    says: /volume "more" that is in no checked/,
  },
  {
    what: "the app's own volume as a folder of the host, before the deploy",
    before: true,
    commands:
      '$D volume create --label com.docker.stack.namespace=$S -o type=none -o o=bind -o device=/etc $S"_content"',
    says: /volume "content" with "Options"/,
  },
  { what: "a secret", commands: 'echo x | $D secret create $S"_more" -', says: /secret "more"/ },
  { what: "a config", commands: 'echo x | $D config create $S"_more" -', says: /config "more"/ },
  {
    what: "the app's own network with all that can be reached, before the deploy",
    before: true,
    commands: '$D network create -d overlay --attachable --label com.docker.stack.namespace=$S $S"_inner"',
    says: /network "inner" (with "Attachable"|without "Internal")/,
  },
  {
    what: "a config with other content, before the deploy",
    before: true,
    commands: 'echo x | $D config create --label com.docker.stack.namespace=$S $S"_conf" -',
    says: /config "conf" with "Data"/,
  },
  {
    what: "a privileged container",
    commands: '$D create --privileged --name $S"_more" nginx:1.22.1',
    says: /container ".*more" that is in no checked/,
  },
];
