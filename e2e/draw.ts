import { seededRandom } from "../common/testing/seeded_random.ts";

const { CCCI_TEST_FAULTS: howMany, CCCI_TEST_SEED: givenSeed } = Deno.env.toObject();

/** What draws samples in this run of the tests; `./cc-ci test --seed N` draws the same ones again. */
export const SEED = Number(givenSeed ?? Date.now() % 100_000);

/** How many of `all` are tested: a sample, or with `./cc-ci test --faults` every one. */
export function sampleSize({ all, sample }: { all: number; sample: number }): number {
  return howMany === "all" ? all : Math.min(all, Number(howMany ?? sample));
}

/** Some of a list in an order by chance, the same for the same seed. */
export function draw<T>(list: readonly T[], { seed, count }: { seed: number; count: number }): T[] {
  const random = seededRandom(seed);
  return list.map((one) => ({ one, order: random() }))
    .toSorted((a, b) => a.order - b.order).slice(0, count).map(({ one }) => one);
}
