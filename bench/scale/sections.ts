/** What bench:scale varies, one thing at a time, and what it keeps. */

export interface PointOptions {
  readonly connections: number;
  /** Signed POSTs due per second, all connections together. */
  readonly rate: number;
  readonly bodyBytes: number;
  /** In the registry. Two of them are called. */
  readonly operations: number;
  /** In the registry, each with a key; they call in turn. */
  readonly apps: number;
  readonly fronts: number;
  /** Worker threads per front. */
  readonly workers: number;
}

export interface ScaleSection {
  readonly name: string;
  /** What is varied, in the plural, as it stands in sentences. */
  readonly noun: string;
  readonly option: keyof PointOptions;
  readonly values: readonly number[];
  /** What differs from `BASE` in the whole section. */
  readonly base: Partial<PointOptions>;
  /** Whether the axis is logarithmic. */
  readonly logX: boolean;
  /** Whether the time to start is worth a curve. */
  readonly showsStart: boolean;
}

export const BASE: PointOptions = {
  connections: 1_000,
  rate: 4_000,
  bodyBytes: 600,
  operations: 10,
  apps: 10,
  fronts: 1,
  workers: 1,
};

export const SECTIONS: readonly ScaleSection[] = [
  {
    // First, because it explains the others: at a low rate nothing travels together.
    name: 'rate',
    noun: 'calls per second',
    option: 'rate',
    values: [500, 1_000, 2_000, 4_000, 8_000],
    base: {},
    logX: true,
    showsStart: false,
  },
  {
    name: 'connections',
    noun: 'open connections',
    option: 'connections',
    values: [100, 1_000, 6_000, 12_000, 19_000],
    base: {},
    logX: true,
    showsStart: false,
  },
  {
    name: 'operations',
    noun: 'operations',
    option: 'operations',
    values: [10, 100, 1_000, 10_000],
    base: {},
    logX: true,
    showsStart: true,
  },
  {
    name: 'apps',
    noun: 'apps',
    option: 'apps',
    values: [10, 1_000, 10_000, 40_000],
    // They call in turn, the worst order for a cache of 4,096 imported keys: beyond it each check
    // imports its key. At 4,000 a second the two cores do not carry that.
    base: { rate: 2_000 },
    logX: true,
    showsStart: true,
  },
  {
    name: 'body',
    noun: 'bytes of body',
    option: 'bodyBytes',
    values: [0, 1_000, 10_000, 100_000, 1_000_000],
    // 1 MB 100 times a second is as much as one core digests and copies beside the generator.
    base: { rate: 100, connections: 100 },
    logX: true,
    showsStart: false,
  },
  {
    name: 'fronts',
    noun: 'fronts',
    option: 'fronts',
    values: [1, 2, 3, 4],
    base: {},
    logX: false,
    showsStart: false,
  },
  {
    name: 'workers',
    noun: 'workers per front',
    option: 'workers',
    values: [1, 2, 3, 4],
    base: {},
    logX: false,
    showsStart: false,
  },
];

/** The whole of one point: the base, the section's own base, and the value. */
export function pointOf(section: ScaleSection, value: number): PointOptions {
  return { ...BASE, ...section.base, [section.option]: value };
}
