/** MiB that one process of Chromium may hold, and all of them together, pages that they share counted for each. */
export interface BrowserMemory {
  process: number;
  all: number;
}

export const BROWSER_MEMORY: BrowserMemory = { process: 2048, all: 4096 };

/**
 * Looks once a second at what the processes of a session hold, and kills the largest when that is too much. It ends
 * with the session. Each round is one pipe of three commands, which costs a few milliseconds.
 */
const WATCH = `
while sleep 1; do
  ps -o pid=,rss= -s "$1" | {
    all=0 most=0 largest=
    while read -r pid kib; do
      all=$((all + kib))
      test "$kib" -le "$most" || { most=$kib largest=$pid; }
    done
    test -n "$largest" || exit 3
    test "$most" -le "$(($2 * 1024))" && test "$all" -le "$(($3 * 1024))" || kill -KILL "$largest"
  }
  test $? -ne 3 || exit 0
done`;

/**
 * Chromium maps many times the memory that it uses, so the kernel's limits of a process cannot hold it. A page whose
 * process is killed has crashed, which is told as any other trouble of the page.
 * @param session id of the session whose leader Chromium is
 */
export function watchMemory(session: number, limits: BrowserMemory = BROWSER_MEMORY): AsyncDisposable {
  const child = new Deno.Command("setpriv", {
    args: [
      ...["--pdeathsig", "KILL", "--", "sh", "-c", WATCH, "sh"],
      ...[session, limits.process, limits.all].map(String),
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
    },
  };
}
