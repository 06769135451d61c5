import { describe, expect, it } from 'vitest';
import type { CaseSummary, CompareResult } from '../../../bench/compare/compare-result.ts';
import { oneLine, resultText } from '../../../bench/compare/print.ts';
import { spreadOf } from '../../../bench/compare/spread.ts';
import { caseSummary, roundFigures } from './figures.ts';

function result(changes: Partial<CompareResult>): CompareResult {
  return {
    name: 'compare',
    startedAt: '2026-01-01T00:00:00.000Z',
    rounds: 2,
    seconds: 5,
    warmUpSeconds: 6,
    signedRequests: 176_000,
    seed: 1,
    cases: [],
    ratios: [],
    missing: [],
    gateways: [{ suffix: '', commit: 'abc', changedMeanwhile: false }],
    environment: {
      cpu: 'CPU',
      cores: 2,
      memoryMb: 1,
      kernel: '6',
      node: 'v24',
      os: 'Debian',
      loadAverage: 0.1,
    },
    commit: 'abc',
    ...changes,
  };
}

const measured: CaseSummary = {
  ...caseSummary('ours-signed', [roundFigures(1), roundFigures(2)]),
  spread: {
    requestsPerSecond: spreadOf([10_000, 10_002])!,
    cpuMicrosPerRequest: spreadOf([99, 101])!,
    p99Ms: spreadOf([9.9, 10.1])!,
  },
};

describe('printed result', () => {
  it('has medians of a case and the share of its core', () => {
    const line = resultText(result({ cases: [measured] })).match(/^ours-signed.*$/m)?.[0];
    expect(line?.split(/\s{2,}/)).toEqual(['ours-signed', '100.0', '10001', '10.0', '99 %', '0 %']);
  });

  it('has ratios with what they lie between', () => {
    const spread = { median: 1.234, min: 1, max: 2, q1: 1.1, q3: 1.5, count: 2 };
    const ratio = { name: 'a / b', metric: 'p99Ms', coreShares: [0.98, 0.9], ...spread } as const;
    const text = resultText(result({ ratios: [ratio] }));
    expect(text).toMatch(/^a \/ b +p99 +1\.23 {2}1\.10 to 1\.50 +1\.00 to 2\.00$/m);
  });

  it('names what is missing, void, idle and disturbed', () => {
    const voidCase = {
      ...caseSummary('haproxy-jwt', []),
      voidRounds: [{ round: 2, reason: '17 status' }],
    };
    const idle = roundFigures(1, { coreShare: 0.6, foreignShare: 0.2 });
    const text = resultText(
      result({ missing: ['nginx'], cases: [voidCase, caseSummary('ours-forward', [idle])] }),
    );
    expect(text).toContain('MISSING: nginx');
    expect(text).toMatch(/^haproxy-jwt +void$/m);
    expect(text).toContain('VOID: haproxy-jwt, round 2: 17 status');
    expect(text).toContain('ours-forward used 60 % of its core in 1 of 1 rounds');
    expect(text).toContain('ours-forward had others on its core in 1 of 1 rounds, for up to 20 %');
  });

  it('says on how few rounds a ratio stands', () => {
    const ratio = {
      name: 'a / b',
      metric: 'p99Ms',
      coreShares: [1, 1],
      ...spreadOf([2])!,
    } as const;
    expect(resultText(result({ ratios: [ratio] }))).toContain('2.00 to 2.00  (1 of 2 rounds)');
  });

  it('marks a ratio with a side that had idle time on its core', () => {
    const shares = { coreShares: [0.99, 0.89], ...spreadOf([2, 2])! } as const;
    const ratio = { name: 'a / b', metric: 'cpuMicrosPerRequest', ...shares } as const;
    expect(resultText(result({ ratios: [ratio] }))).toMatch(
      /UNSATURATED: 99 % and 89 % of the core$/m,
    );
  });

  it('says which checkout was edited during the run', () => {
    const gateways = [
      { suffix: '', commit: 'abc', changedMeanwhile: false },
      { suffix: '@before', commit: 'def', changedMeanwhile: true },
    ];
    const text = resultText(result({ gateways }));
    expect(text).toContain('CHANGED: @before was edited');
    expect(text).not.toContain('CHANGED: This checkout');
  });

  it('keeps the last words of a program on one line', () => {
    expect(oneLine('ended (1).\n  at main.ts')).toBe('ended (1). at main.ts');
    expect(oneLine('x'.repeat(1_000))).toHaveLength(304);
  });
});
