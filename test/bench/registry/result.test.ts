import { describe, expect, it } from 'vitest';
import { barsOf, faultsOf, isKept } from '../../../bench/registry/bars.ts';
import { reasonsAgainstRegistry } from '../../../bench/registry/recordable-registry.ts';
import { registryText } from '../../../bench/registry/registry-text.ts';
import { timesOf } from '../../../bench/registry/times.ts';
import { registryResult } from './figures.ts';

const sound = registryResult();
const failing = { ...sound.changeLoad.calls, answered: 9, errors: { timeout: 1 } };
const limited = { ...sound.rebuild.calls, limited: ['a generator used 99 % of a core'] };

describe('durations', () => {
  it('are those that were seen, by nearest rank', () => {
    const durations = Array.from({ length: 200 }, (_, i) => 200 - i);
    expect(timesOf(durations)).toEqual({ count: 200, p50: 100, p99: 198, max: 200 });
    expect(timesOf([7.123])).toEqual({ count: 1, p50: 7.12, p99: 7.12, max: 7.12 });
    expect(timesOf([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });
});

describe('a run of bench:registry', () => {
  it('may stand in the record where it is whole, quiet and of one commit', () => {
    expect(reasonsAgainstRegistry(sound)).toEqual([]);
    expect(faultsOf(sound)).toEqual([]);
    expect(barsOf(sound).every(isKept)).toBe(true);
  });

  it('may with a bar that was missed, and says so', () => {
    const slow = registryResult({ start: { firstMs: 20_000, furtherMs: [3_000, 5_000] } });
    expect(reasonsAgainstRegistry(slow)).toEqual([]);
    expect(barsOf(slow).filter(bar => !isKept(bar))).toMatchObject([{ what: 'start to ready' }]);
    expect(registryText(slow)).toMatch(/^start to ready +MISSED: 5000 ms, to be under 5000$/m);
  });

  it.each([
    ['a smaller registry', registryResult({ apps: 39_999 })],
    ['fewer than two fronts', registryResult({ fronts: 1 })],
    ['fewer than 100 changes', registryResult({ changes: 99 })],
    ['fewer than 20 revocations', registryResult({ revocations: 19 })],
    ['less than 60 s of windows of each kind', registryResult({ windowSeconds: 14 })],
    ['a tree that is no commit', registryResult({ commit: 'abc+changes' })],
    [
      'the generator was the limit',
      registryResult({ rebuild: { ...sound.rebuild, calls: limited } }),
    ],
    [
      'others on the cores',
      registryResult({ changeLoad: { ...sound.changeLoad, othersShare: 0.2 } }),
    ],
    ['calls failed', registryResult({ changeLoad: { ...sound.changeLoad, calls: failing } })],
  ])('may not with %s', (reason, result) => {
    expect(reasonsAgainstRegistry(result)).toEqual([reason]);
  });

  it('has failed where a revoked key is accepted for long, or a front was never asked', () => {
    const late = { ...sound.revocation, lastAcceptedMs: [-1, 100], acceptedAfter: 3 };
    expect(faultsOf(registryResult({ revocation: late }))).toEqual(['a revoked key was accepted']);
    const unasked = { ...sound.revocation, refusedAfterByFront: [0, 40] };
    expect(faultsOf(registryResult({ revocation: unasked }))).toEqual([
      'a front refused no call of a revoked key',
    ]);
  });

  it('shows calls that failed by their kind', () => {
    const changeLoad = { ...sound.changeLoad, calls: failing };
    expect(registryText(registryResult({ changeLoad }))).toContain('9 of 10, 1 timeout');
  });
});
