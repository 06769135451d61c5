/** Shows who calls most, waits longest or is refused most, a line each. */
import type { TopAnswer, TopFigures, TopQuery } from '../telemetry/top-names.ts';
import { shown } from './request-text.ts';

const NAME_MIN_CHARS = 20;
/** A name of the gateway is shorter; an address of IPv6 has 39. */
const NAME_MAX_CHARS = 64;
const COLUMN_CHARS = 11;
const HEADINGS = ['requests', 'a second', 'refused', 'refused %', 'mean ms', 'p99 ms'] as const;

export function topText(by: TopQuery['by'], answer: TopAnswer): string {
  const { items, other, unnamed, windowSeconds, coveredSeconds, memory } = answer;
  if (memory.maxBytes === 0) {
    return 'The gateway keeps no requests: telemetry.recentRequestsMaxBytes is 0.\n';
  }
  const rows: (readonly [string, TopFigures])[] = [
    ...items.map(({ name, ...figures }) => [shown(name), figures] as const),
    ...(other === undefined ? [] : [['all others', other] as const]),
    ...(unnamed === undefined ? [] : [[`without ${articled(by)}`, unnamed] as const]),
  ];
  const covered = `${coveredSeconds.toFixed(1)} s of the last ${windowSeconds} s`;
  if (rows.length === 0) return `no requests in ${covered}\n`;
  const longest = Math.max(NAME_MIN_CHARS, ...rows.map(([name]) => name.length));
  const nameChars = Math.min(longest, NAME_MAX_CHARS);
  const lines = rows.map(([name, figures]) => {
    const cells = cellsOf(figures, coveredSeconds);
    return `${cut(name).padEnd(nameChars)}${aligned(cells)}`;
  });
  return [`${by.padEnd(nameChars)}${aligned(HEADINGS)}`, ...lines, covered, ''].join('\n');
}

function cellsOf(figures: TopFigures, coveredSeconds: number): string[] {
  const { exchanges, refused, meanMs, p99Ms } = figures;
  return [
    `${exchanges}`,
    coveredSeconds > 0 ? rateText(exchanges / coveredSeconds) : '-',
    `${refused}`,
    ((refused / exchanges) * 100).toFixed(1),
    meanMs.toFixed(3),
    p99Ms.toFixed(3),
  ];
}

/** Two calls in five minutes are not none. */
function rateText(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(3);
}

function aligned(cells: readonly string[]): string {
  return cells.map(text => text.padStart(COLUMN_CHARS)).join('');
}

function cut(name: string): string {
  return name.length <= NAME_MAX_CHARS ? name : `${name.slice(0, NAME_MAX_CHARS - 3)}...`;
}

function articled(by: TopQuery['by']): string {
  return by === 'app' || by === 'operation' ? `an ${by}` : `a ${by}`;
}
