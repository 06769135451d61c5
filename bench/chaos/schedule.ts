/** Which fault comes when: all of them in an order of chance, and again until the time is over. */
import { Random } from '../load/random.ts';

export interface Planned {
  readonly atSecond: number;
  readonly name: string;
}

/** Draws of their own, whatever else the seed is for. */
const STREAM = 77;

/** The first comes after one interval of calm, and the last ends in the measured time. */
export function planFaults(
  names: readonly string[],
  seconds: number,
  everySeconds: number,
  seed: number,
): readonly Planned[] {
  const random = new Random(seed, STREAM);
  const planned: Planned[] = [];
  let round: string[] = [];
  for (let at = everySeconds; at + everySeconds <= seconds; at += everySeconds) {
    if (round.length === 0) round = shuffled(names, random);
    planned.push({ atSecond: at, name: round.pop()! });
  }
  return planned;
}

/** Fisher and Yates, as Knuth has it in volume 2, section 3.4.2. */
function shuffled(names: readonly string[], random: Random): string[] {
  const all = [...names];
  for (let last = all.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}
