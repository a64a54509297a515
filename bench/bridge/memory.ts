import { Town } from "./town.ts";

/**
 * A program of its own, so that nothing else counts: lets a bridge bring many runs to their end and prints its memory
 * after a tenth of them and after all, in megabytes.
 */
async function main(runs: number): Promise<void> {
  using town = new Town({ repos: 20, pulls: 5 });
  await town.tick();
  let early = 0;
  for (let run = 0; run < runs; run++) {
    if (run === Math.floor(runs / 10)) early = memory(town);
    town.command();
    await town.tick();
    if (run % 200 === 0) town.forgetPast();
  }
  while (town.live > 0) await town.tick();
  const figures = { early, late: memory(town) };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(figures)}\n`));
}

function memory(town: Town): number {
  town.forgetPast();
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().rss / 1e6;
}

if (import.meta.main) await main(Number(Deno.args[0]));
