import type { Conversion } from '../../core/conversion.ts';

/** Weight of the newest of what was measured. */
const NEWEST = 1 / 8;
/**
 * Where nothing was measured: a third of what a batch may hold. An expression may take its whole
 * time, and a batch of dozens that do would hold a worker for seconds.
 */
const FIRST_GUESS_MICROS = 800;
const GUESS_PER_BYTE_MICROS = 0.03;

/** Estimated microseconds, by what those of its program and of about its size took. */
export function conversionMicros({ program, inputBytes }: Conversion): number {
  const known = program.micros[groupOf(inputBytes)]!;
  return known > 0 ? known : FIRST_GUESS_MICROS + inputBytes * GUESS_PER_BYTE_MICROS;
}

/** One has taken so long. */
export function learnMicros({ program, inputBytes }: Conversion, micros: number): void {
  const group = groupOf(inputBytes);
  const before = program.micros[group]!;
  program.micros[group] = before === 0 ? micros : before + (micros - before) * NEWEST;
}

function groupOf(bytes: number): number {
  return 32 - Math.clz32(bytes);
}
