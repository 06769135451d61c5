import { describe, expect, it } from 'vitest';
import { ratiosOf } from '../../../bench/compare/ratios.ts';
import { caseSummary, roundFigures } from './figures.ts';

/** A case with that CPU per request in its rounds 1, 2, 3 ... */
const withCpu = (name: string, ...micros: number[]) =>
  caseSummary(
    name,
    micros.map((cpuMicrosPerRequest, index) => roundFigures(index + 1, { cpuMicrosPerRequest })),
  );

describe('ratios', () => {
  it('are medians of the ratios, not ratios of the medians', () => {
    // The machine is three times slower in the second round, for both. Medians: 20 and 30.
    const cases = [withCpu('ours-forward', 10, 60, 20), withCpu('haproxy-forward', 20, 30, 40)];
    const [ratio] = ratiosOf(cases, []);
    expect(ratio).toMatchObject({
      name: 'ours-forward / haproxy-forward',
      metric: 'cpuMicrosPerRequest',
      median: 0.5,
      min: 0.5,
      max: 2,
      count: 3,
      coreShares: [0.99, 0.99],
    });
  });

  it('pair figures of the same round and leave out a round that one of them lacks', () => {
    const whole = withCpu('haproxy-forward', 20, 40, 80);
    const { rounds } = withCpu('ours-forward', 10, 10, 20);
    const [ratio] = ratiosOf([caseSummary('ours-forward', rounds.slice(1)), whole], []);
    expect(ratio).toMatchObject({ min: 0.25, max: 0.25, count: 2 });
  });

  it('count requests per CPU-second the other way round than CPU per request', () => {
    const cases = [withCpu('ours-signed', 50), withCpu('haproxy-jwt', 60)];
    const [ratio] = ratiosOf(cases, []);
    expect(ratio!.metric).toBe('requestsPerCpuSecond');
    expect(ratio!.median).toBeCloseTo(1.2);
  });

  it('compare another checkout with this one in all three figures', () => {
    const ours = caseSummary('ours-forward', [roundFigures(1)]);
    const other = caseSummary('ours-forward@before', [
      roundFigures(1, { requestsPerSecond: 5_000, cpuMicrosPerRequest: 150, p99Ms: 40 }),
    ]);
    const found = ratiosOf([ours, other], ['@before']);
    expect(found.map(({ name, metric, median }) => [name, metric, median])).toEqual([
      ['ours-forward@before / ours-forward', 'requestsPerSecond', 0.5],
      ['ours-forward@before / ours-forward', 'cpuMicrosPerRequest', 1.5],
      ['ours-forward@before / ours-forward', 'p99Ms', 4],
    ]);
  });

  it('are absent where a case did not run', () => {
    expect(ratiosOf([withCpu('ours-forward', 10)], [])).toEqual([]);
  });
});
