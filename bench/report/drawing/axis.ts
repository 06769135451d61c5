import { formatTick } from './format.ts';

export interface Tick {
  /** 0 at the axis' low end to 1 at its high end. */
  readonly at: number;
  readonly label: string;
  /** Left out where there is little room. */
  readonly isExtra: boolean;
}

export interface Axis {
  /** What is measured, with its unit. */
  readonly label: string;
  readonly ticks: readonly Tick[];
  /** 0 to 1, values beyond the ends at the end; undefined for what is not a number. */
  position(value: number): number | undefined;
}

export interface AxisOptions {
  readonly label: string;
  /** What has to find its place on the axis. */
  readonly values: Iterable<number>;
  readonly format?: (value: number) => string;
  /** Least distance of two ticks of a linear axis: 1 for what comes in wholes. */
  readonly stepMin?: number;
}

/** From zero to a round number at or above the highest value. */
export function linearAxis(options: AxisOptions): Axis {
  const { label, values, format = formatTick, stepMin = 0 } = options;
  const highest = Math.max(0, ...extremes(values));
  const step = Math.max(stepMin, roundStep((highest || 1) / 5));
  const count = Math.max(1, Math.ceil((highest || 1) / step - 1e-9));
  return {
    label,
    ticks: evenTicks(count, step, count * step, format),
    position: value => clamped(value / (count * step)),
  };
}

/** The seconds of a run: ends with the run and not at a round number. */
export function secondsAxis(seconds: number): Axis {
  const end = Math.max(1, seconds);
  const step = Math.max(1, roundAbove(end / 8));
  return {
    label: 'seconds since the measured time began',
    ticks: evenTicks(Math.floor(end / step), step, end, formatTick),
    position: value => clamped(value / end),
  };
}

function evenTicks(
  count: number,
  step: number,
  end: number,
  format: (value: number) => string,
): Tick[] {
  return Array.from({ length: count + 1 }, (_, index) => ({
    at: (index * step) / end,
    label: format(index * step),
    isExtra: index % 2 === 1,
  }));
}

/** The part of the axis that zero keeps for itself where a logarithmic axis has to show it. */
const ZERO_ROOM = 0.08;
/** Beyond these, a value counts as the end: an axis of fifty decades would show nothing. */
const LOG_MIN = 1e-6;
const LOG_MAX = 1e12;

/**
 * Logarithmic from the lowest to the highest value, rounded outwards to 1, 2 or 5. Zero, which has
 * no logarithm, stands apart at the low end where one of the values is zero.
 */
export function logAxis({ label, values, format = formatTick }: AxisOptions): Axis {
  const [lowest, highest, hasZero] = logRange(values);
  const low = roundBelow(lowest);
  const high = Math.max(roundAbove(highest), roundAbove(low * 5));
  const start = hasZero ? ZERO_ROOM : 0;
  const position = (value: number) => {
    if (value <= 0) return 0;
    const share = clamped(Math.log10(value / low) / Math.log10(high / low));
    return share === undefined ? undefined : start + share * (1 - start);
  };
  const zero: Tick[] = hasZero ? [{ at: 0, label: '0', isExtra: false }] : [];
  const ticks = logSteps(low, high).map(({ value, isDecade }) => ({
    at: position(value)!,
    label: format(value),
    isExtra: !isDecade,
  }));
  return { label, ticks: [...zero, ...ticks], position };
}

function logRange(values: Iterable<number>): [lowest: number, highest: number, hasZero: boolean] {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  let hasZero = false;
  for (const value of values) {
    if (value > 0 && Number.isFinite(value)) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    } else if (value <= 0) hasZero = true;
  }
  if (highest === 0) return [1, 1, hasZero];
  const within = (value: number) => Math.min(Math.max(value, LOG_MIN), LOG_MAX);
  return [within(lowest), within(highest), hasZero];
}

/** Decades; with 2 and 5 between them where that leaves room for the labels. */
function logSteps(low: number, high: number): { value: number; isDecade: boolean }[] {
  const decades = Math.ceil(Math.log10(high / low) - 1e-9);
  const factors = decades <= 3 ? [1, 2, 5] : [1];
  const from = Math.floor(Math.log10(low) + 1e-9);
  return Array.from({ length: decades + 2 }, (_, index) =>
    factors.map(factor => ({
      value: Number((factor * 10 ** (from + index)).toPrecision(3)),
      isDecade: factor === 1,
    })),
  )
    .flat()
    .filter(({ value }) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9));
}

/** The next 1, 2 or 5 times a power of ten at or below the value. */
function roundBelow(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = [5, 2, 1].find(candidate => candidate * power <= value * (1 + 1e-9)) ?? 1;
  return Number((factor * power).toPrecision(3));
}

/** The next 1, 2 or 5 times a power of ten at or above the value. */
function roundAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = [1, 2, 5, 10].find(candidate => candidate * power >= value * (1 - 1e-9)) ?? 10;
  return Number((factor * power).toPrecision(3));
}

/** At least `step`, and 1, 2, 2.5 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 2.5, 5, 10].find(factor => factor * power >= step * (1 - 1e-9)) ?? 10);
}

/** Lowest and highest of the finite values; a spread of all of them would overflow the stack. */
function extremes(values: Iterable<number>): number[] {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return highest < lowest ? [] : [lowest, highest];
}

function clamped(share: number): number | undefined {
  return Number.isNaN(share) ? undefined : Math.min(1, Math.max(0, share));
}
