import { LRUCache } from 'lru-cache';
import type { Conversion } from '../../core/conversion.ts';
import { PROGRAMS_MAX } from './programs.ts';

/** Sizes in groups of powers of two, up to 2^31 bytes. */
const SIZE_GROUPS = 32;
/** Weight of the newest of what was measured. */
const NEWEST = 1 / 8;
/** Where nothing was measured: more than most take, so that what is unknown goes to a worker. */
const FIRST_GUESS_MICROS = 50;
const GUESS_PER_BYTE_MICROS = 0.03;

/** What the conversions of each program took, by the size of their input: measured as they run. */
export class ConversionCosts {
  private readonly byProgram = new LRUCache<number, Float32Array>({ max: PROGRAMS_MAX });

  /** Estimated microseconds. */
  microsOf({ program, inputBytes }: Conversion): number {
    const known = this.byProgram.get(program.serial)?.[groupOf(inputBytes)] ?? 0;
    return known > 0 ? known : FIRST_GUESS_MICROS + inputBytes * GUESS_PER_BYTE_MICROS;
  }

  /** One has taken so long. */
  learn({ program, inputBytes }: Conversion, micros: number): void {
    let groups = this.byProgram.get(program.serial);
    if (groups === undefined) {
      groups = new Float32Array(SIZE_GROUPS);
      this.byProgram.set(program.serial, groups);
    }
    const group = groupOf(inputBytes);
    const before = groups[group]!;
    groups[group] = before === 0 ? micros : before + (micros - before) * NEWEST;
  }
}

function groupOf(bytes: number): number {
  return Math.min(SIZE_GROUPS - Math.clz32(bytes), SIZE_GROUPS - 1);
}
