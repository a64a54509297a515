/**
 * Carries out a command of a run's own: the engine's, or what this program starts itself with. They load no
 * parser of command lines: a run starts this program three times, and waits each time until it is loaded.
 * @returns the exit code, or null if it is another command
 */
export async function runProcess([command, ...args]: readonly string[]): Promise<number | null> {
  const [folder = ""] = args;
  const json = args.includes("--json");
  try {
    switch (command) {
      case "ci":
        if (args.some((arg) => arg !== "--json")) return null;
        return await (await import("./ci.ts")).ci({ json });
      case "keeper":
        await (await import("../keeper/keeper.ts")).keep();
        return 0;
      case "worker":
        await (await import("../worker/worker.ts")).work(folder);
        return 0;
      default:
        return null;
    }
  } catch (error) {
    return (await import("./explain.ts")).explain(error, { json });
  }
}
