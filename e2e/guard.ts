/** Waits for the end of its input, which is that of its starter, and knows the processes by their pid files. */
const SCRIPT = `cat >/dev/null
for pid in $(find "$1" -path '*/pids/*.json' -exec sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' {} +); do
  kill -KILL "$pid"
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
