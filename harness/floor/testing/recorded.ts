/** The container that the recordings are of. */
export const CONTAINER = "5c5b525398c69aebd9cd7b8f785fed3c5c5b525398c69aebd9cd7b8f785fed3c";

/** What Docker 20.10 hands runc for a task of Swarm's, without what is said of seccomp. @param root Docker's folder */
export const recordedConfig = (root: string) =>
  `{"ociVersion":"1.0.2-dev","process":{"user":{"uid":0,"gid":0,"additionalGids":[0]},
"args":["/bin/sh","-c","sleep 1000"],
"env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOSTNAME=CAP_NET_RAW"],
"cwd":"/","capabilities":{"bounding":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"],
"effective":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"],
"permitted":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]},
"rlimits":[{"type":"RLIMIT_MEMLOCK","hard":18446744073709551615,"soft":18446744073709551615}],
"oomScoreAdj":0},
"root":{"path":"${root}/overlay2/fe0dc4b9f12500e2426f4ef9348eccda4ba2cfe87993afce6ec45a6e7e80f2c5/merged"},
"hostname":"CAP_NET_RAW","mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","noexec","nodev"]},{"destination":"/etc/resolv.conf","type":"bind","source":"${root}/containers/${CONTAINER}/resolv.conf","options":["rbind","rprivate"]},{"destination":"/etc/hostname","type":"bind","source":"${root}/containers/${CONTAINER}/hostname","options":["rbind","rprivate"]},{"destination":"/etc/hosts","type":"bind","source":"${root}/containers/${CONTAINER}/hosts","options":["rbind","rprivate"]}],
"linux":{"sysctl":{"net.ipv4.ip_unprivileged_port_start":"0","net.ipv4.ping_group_range":"0 2147483647"},
"resources":{"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":5,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":9,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":8,"access":"rwm"},{"allow":true,"type":"c","major":5,"minor":0,"access":"rwm"},{"allow":true,"type":"c","major":5,"minor":1,"access":"rwm"},{"allow":false,"type":"c","major":10,"minor":229,"access":"rwm"}],
"memory":{"limit":734003200,"swap":1468006400,"disableOOMKiller":false},
"cpu":{"shares":0},
"blockIO":{"weight":0}},
"cgroupsPath":"/docker/${CONTAINER}","namespaces":[{"type":"mount"},{"type":"network"},{"type":"uts"},{"type":"pid"},{"type":"ipc"}],
"maskedPaths":["/proc/asound","/proc/acpi","/proc/kcore","/proc/keys","/proc/latency_stats","/proc/timer_list","/proc/timer_stats","/proc/sched_debug","/proc/scsi","/sys/firmware"],
"readonlyPaths":["/proc/bus","/proc/fs","/proc/irq","/proc/sys","/proc/sysrq-trigger"]}}`.replaceAll(
    "\n",
    "",
  );

/** What it hands runc for a health check of that container. */
export const recordedProcess =
  `{"user":{"uid":0,"gid":0,"additionalGids":[0]},"args":["/bin/sh","-c","grep Cap /proc/self/status; true"],
"env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOSTNAME=CAP_NET_RAW"],
"cwd":"/","capabilities":{"bounding":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"],
"effective":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"],
"permitted":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]},"oomScoreAdj":0}`
    .replaceAll("\n", "");

/** What it writes down about that container, in part. */
export const recordedRecord = (stack: string, networks: Record<string, string> = {}) =>
  JSON.stringify({
    StreamConfig: {},
    ID: CONTAINER,
    Config: {
      Env: ['"com.docker.stack.namespace":"abcd-123456_x"'],
      Labels: {
        "com.docker.stack.namespace": stack,
        "com.docker.swarm.service.id": "6tbogy8vyepsj1x7qewfnnmei",
      },
    },
    NetworkSettings: {
      Networks: Object.fromEntries(
        Object.entries(networks).map(([name, address]) => [name, { IPAMConfig: { IPv4Address: address } }]),
      ),
    },
  });
