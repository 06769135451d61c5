/**
 * A slice as bytes, for the store: a JSON head, and behind it the histograms as variable-length
 * numbers (LEB128), each cell as its distance from the one before. 10 s of 4,000 calls a second
 * take 8 to 40 KB, by how far their durations lie apart.
 */
import { PROBLEM_NAMES, type ProblemName } from '../../core/problems.ts';
import { STATUS_CLASSES } from '../../core/recorder.ts';
import { STAGES } from '../../core/stages.ts';
import { STAGE_LAYOUT } from '../histogram-layout.ts';
import { NOTHING_RECORDED, type SparseHistogram, type TrafficSlice } from './traffic-slice.ts';

const FORM = 1;
const HEAD_LENGTH_BYTES = 4;

interface Head {
  readonly form: typeof FORM;
  readonly fromMs: number;
  readonly toMs: number;
  readonly aborted: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly problems: Readonly<Record<string, number>>;
  readonly stages: Readonly<
    Record<string, readonly [cells: number, sum: number, max: number, clamped: number]>
  >;
}

export function encodeSlice(slice: TrafficSlice): Uint8Array {
  const numbers: number[] = [];
  const stages: Record<string, [number, number, number, number]> = {};
  slice.stages.forEach((histogram, i) => {
    const { cells, counts, sumMicros, maxMicros, clamped } = histogram;
    if (cells.length === 0) return;
    stages[STAGES[i]!] = [cells.length, sumMicros, maxMicros, clamped];
    let before = 0;
    for (let cell = 0; cell < cells.length; cell += 1) {
      pushNumber(numbers, cells[cell]! - before);
      pushNumber(numbers, counts[cell]!);
      before = cells[cell]!;
    }
  });
  const { fromMs, toMs, aborted, statuses, problems } = slice;
  const head: Head = {
    ...{ form: FORM, fromMs, toMs, aborted, stages },
    statuses: Object.fromEntries(STATUS_CLASSES.map((name, i) => [name, statuses[i]!])),
    problems: Object.fromEntries(problems),
  };
  const headBytes = Buffer.from(JSON.stringify(head), 'utf8');
  const length = Buffer.alloc(HEAD_LENGTH_BYTES);
  length.writeUInt32LE(headBytes.length);
  return Buffer.concat([length, headBytes, Uint8Array.from(numbers)]);
}

/** Undefined where the bytes are of another version, or were cut. */
export function decodeSlice(bytes: Uint8Array): TrafficSlice | undefined {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined;
  }
}

function decode(bytes: Buffer): TrafficSlice | undefined {
  const headEnd = HEAD_LENGTH_BYTES + bytes.readUInt32LE(0);
  const head: Head = JSON.parse(bytes.toString('utf8', HEAD_LENGTH_BYTES, headEnd));
  if (head.form !== FORM) return undefined;
  const numbers = new NumberReader(bytes, headEnd);
  const problems = new Map<ProblemName, number>();
  for (const name of PROBLEM_NAMES) {
    const count = head.problems[name];
    if (count !== undefined) problems.set(name, count);
  }
  const { fromMs, toMs, aborted } = head;
  // In the order in which they were written: a later version may have others between them.
  const stages = new Map<string, SparseHistogram>();
  for (const [stage, summary] of Object.entries(head.stages)) {
    stages.set(stage, readHistogram(numbers, summary));
  }
  return {
    ...{ fromMs, toMs, aborted, problems },
    statuses: STATUS_CLASSES.map(name => head.statuses[name] ?? 0),
    stages: STAGES.map(stage => stages.get(stage) ?? NOTHING_RECORDED),
  };
}

function readHistogram(
  numbers: NumberReader,
  [length, sumMicros, maxMicros, clamped]: Head['stages'][string],
): SparseHistogram {
  const cells = new Uint16Array(length);
  const counts = new Uint32Array(length);
  let cell = 0;
  let count = 0;
  for (let i = 0; i < length; i += 1) {
    cell += numbers.next();
    if (cell >= STAGE_LAYOUT.countsLength) throw new RangeError('a cell that the layout has not');
    cells[i] = cell;
    counts[i] = numbers.next();
    count += counts[i]!;
  }
  return { cells, counts, count, sumMicros, maxMicros, clamped };
}

function pushNumber(target: number[], value: number): void {
  let left = value;
  while (left >= 0x80) {
    target.push((left & 0x7f) | 0x80);
    left = Math.floor(left / 0x80);
  }
  target.push(left);
}

class NumberReader {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
