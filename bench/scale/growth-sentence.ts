/** What a curve says, in one sentence made of its numbers. */
import type { Metric, ScalePoint } from './scale-result.ts';

interface Wording {
  readonly subject: string;
  readonly unit: string;
}

const WORDING: Readonly<Record<Metric, Wording>> = {
  cpuMicrosPerRequest: { subject: 'the CPU of the gateway per call', unit: 'µs' },
  frontCpuMicrosPerRequest: { subject: 'the CPU of its front threads per call', unit: 'µs' },
  p50Ms: { subject: 'the median latency', unit: 'ms' },
  p99Ms: { subject: 'the latency at p99', unit: 'ms' },
  rssMb: { subject: 'the resident memory', unit: 'MB' },
  startMs: { subject: 'the time to start', unit: 'ms' },
};

/** A point between the ends is worth a word when it lies this much above both. */
const PEAK_SHARE = 0.1;

/**
 * First value, last value, and the change between them, or that the rounds differ by as much; a
 * point between that lies above both ends; and every point at which calls failed, or at which the
 * generator may have been the limit.
 */
export function growthSentence(
  noun: string,
  metric: Metric,
  points: readonly ScalePoint[],
): string {
  const { subject, unit } = WORDING[metric];
  const first = points[0]!;
  const last = points.at(-1)!;
  const [from, to] = [first.figures[metric], last.figures[metric]];
  const span = `From ${count(first.x)} to ${count(last.x)} ${noun}`;
  const values = `${figure(from.median)} and ${figure(to.median)} ${unit}`;
  const notes = failures(points) + limits(points);
  if (points.length < 2) {
    return `At ${count(first.x)} ${noun} ${subject} is ${figure(from.median)} ${unit}.${notes}`;
  }
  const withinNoise = from.min <= to.max && to.min <= from.max;
  const change =
    withinNoise && from.count > 1
      ? `changes no more than the rounds differ: ${values}`
      : `${direction(from.median, to.median)}: ${values}`;
  const rounds = from.count > 1 ? '' : ' (one round, so its noise is unknown)';
  return `${span} ${subject} ${change}${rounds}${peak(metric, points)}.${notes}`;
}

function direction(from: number, to: number): string {
  const ratio = to / from;
  if (ratio >= 2) return `grows ${figure(ratio)} times`;
  const percent = Math.round(Math.abs(ratio - 1) * 100);
  if (percent === 0) return 'stays the same';
  return ratio > 1 ? `grows by ${percent} %` : `falls by ${percent} %`;
}

function peak(metric: Metric, points: readonly ScalePoint[]): string {
  const value = (point: ScalePoint) => point.figures[metric].median;
  const ends = Math.max(value(points[0]!), value(points.at(-1)!));
  const highest = points.reduce((high, point) => (value(point) > value(high) ? point : high));
  if (value(highest) <= ends * (1 + PEAK_SHARE)) return '';
  return `; highest is ${figure(value(highest))} ${WORDING[metric].unit} at ${count(highest.x)}`;
}

function failures(points: readonly ScalePoint[]): string {
  return points
    .filter(({ failed }) => failed > 0)
    .map(point => {
      const calls = `${count(point.failed)} of ${count(point.requests)} calls`;
      return ` At ${count(point.x)}, ${calls} were not answered.`;
    })
    .join('');
}

function limits(points: readonly ScalePoint[]): string {
  return points
    .filter(({ limitedRounds }) => limitedRounds > 0)
    .map(({ x, limitedRounds, figures }) => {
      const rounds = `${limitedRounds} of ${figures.p99Ms.count} rounds`;
      return ` At ${count(x)}, the generator may have been the limit in ${rounds}.`;
    })
    .join('');
}

/** Three significant digits. */
function figure(value: number): string {
  return value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function count(value: number): string {
  return value.toLocaleString('en-GB');
}
