/**
 * The contract between rooms that want bytes turned into other bytes and the worker pool, which
 * knows where and when: payloads for the side that reads them, signatures of answers.
 */

/** A program that workers compile once and keep. */
export interface ProgramEntry {
  /** Unique in its front thread and never reused, so that the front's workers may keep by it. */
  readonly serial: number;
  /** The JSON that `compileProgram` takes (src/payload/program.ts). */
  readonly source: string;
  /** What its conversions took, by size of the input in powers of two, microseconds; 0 unknown. */
  readonly micros: Float32Array;
}

/** Of 0 bytes to 2^31. */
const SIZE_GROUPS = 33;
let lastSerial = 0;

/** A program of this thread. */
export function programEntry(source: string): ProgramEntry {
  return { serial: ++lastSerial, source, micros: new Float32Array(SIZE_GROUPS) };
}

export type ConversionOutcome =
  | 'converted'
  /** The input is at fault: `fields` says where and why. */
  | 'refused'
  /** The queue was full. */
  | 'saturated'
  /** It could not be carried out: a program that fails, or a worker that hangs. */
  | 'failed';

export interface Conversion {
  /** Whose turn it takes in the queue: the app's id. */
  readonly lane: string;
  readonly program: ProgramEntry;
  /** What is wanted of the program, in its own words; ASCII. */
  readonly task: string;
  /**
   * Given away with the submission: where it has a buffer of its own and is long, its bytes move to
   * the worker and are gone here.
   */
  readonly input: Uint8Array;
  /** Its length when it was submitted. */
  readonly inputBytes: number;
  /** Whether nobody reads the outcome any more. */
  readonly abandoned: boolean;
  /** Milliseconds from submission to settlement that were not service. Set by the pool. */
  waitMs: number;
  /** Milliseconds of the conversion itself. Set by the pool. */
  serviceMs: number;
  /**
   * Called exactly once, perhaps before the submission returns. `fields` are the program's own
   * words about `output`: for `refused` `invalid` or `undecryptable`, then pairs of a JSON Pointer
   * and a reason.
   */
  settle(outcome: ConversionOutcome, fields: readonly string[], output: Uint8Array): void;
}

export interface ConversionRunner {
  /** Never throws; a full queue settles `saturated`. */
  convert(conversion: Conversion): void;
}
