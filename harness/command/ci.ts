import { startKeeper } from "../keeper/start.ts";

/** Tests what a CI engine asks for in the environment. @returns exit code of the program */
export async function ci(options: { json: boolean }): Promise<number> {
  // The keeper starts while the code that reads the request is loaded; both take about as long.
  const keeper = startKeeper(`${Deno.env.get("CCCI_RUNS")}/${Deno.env.get("RUN")}`);
  const { readSettings } = await import("../run/settings.ts");
  const settings = readSettings();
  const { ciRequest } = await import("./ci_request.ts");
  const request = ciRequest();
  const { runFront } = await import("./front.ts");
  return await runFront(request, { settings, keeper, json: options.json });
}
