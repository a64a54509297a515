import { abraDir } from "../recipe.ts";
import { say } from "../output.ts";

/** `abra server add --local`: the machine's own engine, known as `default`. */
export function serverAddLocal(): void {
  const folder = `${abraDir()}/servers/default`;
  try {
    Deno.statSync(folder);
    say("WARN", "local server already exists");
  } catch {
    Deno.mkdirSync(folder, { recursive: true });
    say("INFO", "local server successfully added");
  }
}
