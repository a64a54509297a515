import { join } from "node:path";
import { exec } from "../../../common/exec.ts";
import { fromFileUrl } from "../../../common/files.ts";
import { CONTAINER, recordedConfig, recordedProcess, recordedRecord } from "./recorded.ts";

/**
 * A runc that notes what it was asked for, and whose containers are a process in a network namespace with the addresses
 * that `CCCI_TEST_ADDRESSES` names, or in that of its parent where that is empty.
 */
const RUNC = `#!/bin/sh
echo "$@" >> "$NOTES"
for word; do :; done
case " $* " in
  *" create "*)
    mkdir "$STATE/$word"
    if [ -n "$ADDRESSES" ]; then unshare="unshare --net"; else unshare=""; fi
    $unshare sh -c 'echo up; exec sleep 300' > "$STATE/$word/up" 2> /dev/null &
    echo "{\\"init_process_pid\\":$!}" > "$STATE/$word/state.json"
    until [ -s "$STATE/$word/up" ]; do :; done
    for address in $ADDRESSES; do
      nsenter --net="/proc/$!/ns/net" -- sh -c '
        ip link add "$1" type bridge && ip addr add "$2" dev "$1" && ip link set "$1" up
      ' add "\${address%=*}" "\${address#*=}" || exit 1
    done ;;
  *" delete "*) rm -r "$STATE/$word" ;;
esac
`;

/** What a container of a test is. */
export interface Made {
  /** The stack that it is of, if it is of one. */
  stack: string | null;
  id?: string;
  /** What Docker writes down of its networks: their names with addresses. */
  networks?: Record<string, string>;
  /** Its interfaces with their networks. @default it gets no network namespace of its own */
  interfaces?: Record<string, string>;
}

/** Runs the runtime as containerd does. */
export async function runtime(stack: string | null, limitsFile?: string) {
  const folder = await Deno.makeTempDir();
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const name of ["state", "limits"]) await Deno.mkdir(at(name));
  if (limitsFile !== undefined) await Deno.writeTextFile(at("limits", `${stack}.json`), limitsFile);
  await Deno.writeTextFile(at("process.json"), recordedProcess);
  await Deno.writeTextFile(at("runc"), RUNC, { mode: 0o755 });
  const call = async (words: string[], interfaces: Record<string, string> = {}) =>
    await exec([
      fromFileUrl(import.meta.resolve("../runtime.sh")),
      ...["--root", at("state"), "--log", at("log.json"), "--log-format", "json"],
      ...words,
    ], {
      env: {
        CCCI_RUNC: at("runc"),
        CCCI_DENO: Deno.execPath(),
        CCCI_FLOOR: at("limits"),
        CCCI_DOCKER_SOCKET: at("docker.sock"),
        NOTES: at("notes"),
        STATE: at("state"),
        ADDRESSES: Object.entries(interfaces).map(([name, address]) => `${name}=${address}`).join(" "),
      },
    });
  const create = async (made: Partial<Made> = {}) => {
    const { id = CONTAINER, networks = {}, interfaces } = made;
    const of = made.stack === undefined ? stack : made.stack;
    const record = at("docker/containers", id);
    const bundle = at("bundle", id);
    for (const each of [record, bundle]) await Deno.mkdir(each, { recursive: true });
    if (of !== null) await Deno.writeTextFile(join(record, "config.v2.json"), recordedRecord(of, networks));
    const config = recordedConfig(at("docker")).replaceAll(CONTAINER, id);
    await Deno.writeTextFile(join(bundle, "config.json"), config);
    return await call(["create", "--bundle", bundle, "--pid-file", at("pid"), id], interfaces);
  };
  const pid = async (id: string): Promise<number> =>
    JSON.parse(await Deno.readTextFile(at("state", id, "state.json"))).init_process_pid;
  const pids = new Set<number>();
  return {
    at,
    call: (...words: string[]) => call(words),
    async create(made?: Partial<Made>) {
      const ended = await create(made);
      const known = await pid(made?.id ?? CONTAINER).catch(() => null);
      if (known !== null) pids.add(known);
      return ended;
    },
    exec: () =>
      call(["exec", "--process", at("process.json"), "--detach", "--pid-file", at("pid"), CONTAINER]),
    spec: async () => JSON.parse(await Deno.readTextFile(at("bundle", CONTAINER, "config.json"))),
    process: async () => JSON.parse(await Deno.readTextFile(at("process.json"))),
    notes: async () => (await Deno.readTextFile(at("notes")).catch(() => "")).trim().split("\n"),
    /** The rules that hold in the network namespace of a container. */
    async rules(id: string, program = "iptables") {
      const namespace = `--net=/proc/${await pid(id)}/ns/net`;
      return (await exec(["nsenter", namespace, "--", program, "-S"])).stdout.trim().split("\n");
    },
    async [Symbol.asyncDispose]() {
      for (const each of pids) {
        try {
          Deno.kill(each, "SIGKILL");
        } catch { /* has ended */ }
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}
