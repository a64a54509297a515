/**
 * Waits for the end of its input, which is that of its starter, and knows the processes by their pid files. Another
 * process may have got the number of one that has ended: that one began at another time, field 22 of its stat. The name
 * in field 2 may hold blanks and brackets, so that fields are counted from behind it.
 */
const SCRIPT = `cat >/dev/null
find "$1" -path '*/pids/*.json' -exec sed -n 's/.*"pid":\\([0-9]*\\),"start":"\\([0-9]*\\)".*/\\1 \\2/p' {} + |
while read -r pid start; do
  stat=$(cat "/proc/$pid/stat") && [ "$(echo "\${stat##*) }" | cut -d ' ' -f 20)" = "$start" ] && kill -KILL "$pid"
done
rm -rf -- "$1"`;

/**
 * Ends what a test has in a folder when the test is killed before it could do so itself: the processes that files in
 * folders `pids` name there, and the folder.
 */
export class Guard implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;

  constructor(folder: string) {
    this.#child = new Deno.Command("sh", {
      args: ["-c", SCRIPT, "sh", folder],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
      detached: true,
    }).spawn();
  }

  /** Nothing is left to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.stdin.abort().catch(() => {}); // its reader is gone
    await this.#child.status;
  }
}
