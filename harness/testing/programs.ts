import { exec } from "../../common/exec.ts";

/** The first of the programs that is not installed. */
export async function missingProgram(...programs: string[]): Promise<string | undefined> {
  for (const program of programs) {
    const found = await exec(["sh", "-c", 'command -v "$0"', program]);
    if (!found.success) return program;
  }
  return undefined;
}
