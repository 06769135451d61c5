import type { AlertCondition, BurnRate } from './alert-rule.ts';

/** One sentence for whoever is woken up; the value is in it where it is known. */
export function summarize(when: AlertCondition, value: number | undefined): string {
  const found = (unit: string) => (value === undefined ? '' : `: ${rounded(value)}${unit}`);
  switch (when.kind) {
    case 'burn-rate':
      return `${budgetOf(when)}${found(' times')}.`;
    case 'percentile': {
      const name = `p${rounded(when.quantile * 100)}`;
      const limit = `${when.aboveMs} ms over ${span(when.windowSeconds)}`;
      return `${name} of all calls, not to exceed ${limit}${found(' ms')}.`;
    }
    case 'rate': {
      const what = RATE_NAMES[when.of] ?? `Refusals with ${when.of}`;
      const limit = `${when.perSecond} a second over ${span(when.windowSeconds)}`;
      const wish = when.side === 'above' ? 'not to exceed' : 'not to fall below';
      return `${what}, ${wish} ${limit}${found(' a second')}.`;
    }
  }
}

const RATE_NAMES: Readonly<Record<string, string>> = {
  refused: 'Refusals of all kinds',
  aborted: 'Calls given up by their callers',
  exchanges: 'Calls',
};

function budgetOf({ objective, longSeconds, shortSeconds, factor, aboveMs }: BurnRate): string {
  const good = aboveMs === undefined ? 'answered without failure' : `answered in ${aboveMs} ms`;
  return (
    `Error budget of ${rounded(objective * 100)} % ${good}, not to be used up ` +
    `${factor} times as fast as it lasts over ${span(longSeconds)} and ${span(shortSeconds)}`
  );
}

function span(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
