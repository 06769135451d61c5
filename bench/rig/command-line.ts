/** Reading a benchmark's command line: every refusal is one sentence that says what is accepted. */
import { parseArgs } from 'node:util';

/** Wrong usage; exit status 2. */
export class UsageError extends Error {}

type Options = NonNullable<Parameters<typeof parseArgs>[0]>['options'];

/** `--no-NAME` switches a boolean off. */
export function parseOptions<const T extends NonNullable<Options>>(
  args: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...args], options, allowNegative: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

export function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} takes a whole number from ${least} to ${most}.`);
}

export function oneOf<T extends string>(name: string, text: string, accepted: readonly T[]): T {
  const found = accepted.find(value => value === text);
  if (found === undefined) throw new UsageError(`${name} takes one of ${accepted.join(', ')}.`);
  return found;
}
