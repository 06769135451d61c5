/** The order of the cases in each round: another one each time, the same for the same seed. */

/** Mulberry32: 32 bits of state, enough to shuffle a handful of cases. */
function randomSource(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Every item once per round, shuffled (Fisher-Yates), so that none always runs after the same one
 * or at the same minute of a machine that grows warm.
 */
export function shuffledRounds<Item>(
  items: readonly Item[],
  rounds: number,
  seed: number,
): Item[][] {
  const random = randomSource(seed);
  return Array.from({ length: rounds }, () => {
    const order = [...items];
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other]!, order[last]!];
    }
    return order;
  });
}
