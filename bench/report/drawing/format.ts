/** Stands for a figure that was not measured, such as a percentile of no answers. */
export const ABSENT = '–';

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three digits that count, all from a hundred on, none beyond a thousandth: 0.002, 16.3, 1,204. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return ABSENT;
  const size = Math.abs(value);
  if (size >= 1e9) return value.toExponential(2);
  if (Number.isInteger(value) || size >= 100) return WHOLE.format(value);
  if (size < 0.001) return value.toExponential(1);
  if (size < 1) return value.toFixed(3);
  return value.toPrecision(3);
}

export function formatMs(ms: number): string {
  return withUnit(ms, 'ms');
}

export function withUnit(value: number, unit: string): string {
  const text = formatNumber(value);
  return text === ABSENT ? text : `${text} ${unit}`;
}

/** From here on a tick's label is shortened to 100K, 1M. */
const COMPACT_FROM = 100_000;

/** A tick's value, which needs no more digits than it has: 0.1, 20, 5,000, 1M. */
export function formatTick(value: number): string {
  const short = Number(value.toPrecision(6));
  if (short !== 0 && Math.abs(short) < 1e-4) return short.toExponential();
  return short.toLocaleString('en', {
    notation: Math.abs(short) < COMPACT_FROM ? 'standard' : 'compact',
    maximumFractionDigits: 6,
  });
}

/** @param share of one, such as a core */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return ABSENT;
  return `${formatTick(Number((share * 100).toPrecision(3)))}%`;
}

/** `1 error`, `2 errors`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** How many times the first figure the second is: `×1.24`; '' where there is no such number. */
export function formatRatio(base: number, value: number): string {
  const ratio = value / base;
  return Number.isFinite(ratio) && base > 0 ? `×${ratio.toFixed(2)}` : '';
}
