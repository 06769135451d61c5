import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { UpstreamRecord } from '../../../src/core/upstream-record.ts';
import { UpstreamDirectory } from '../../../src/data-plane/upstream/index.ts';
import { isTarget } from '../../../src/data-plane/upstream/target-client.ts';
import { createHealthShared, SharedHealthStates } from '../../../src/stores/shared-memory/index.ts';
import { anUpstream } from '../../support/exchanges.ts';

const RETIRED_AFTER_MS = 60_000;

let directory: UpstreamDirectory;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  directory = new UpstreamDirectory({
    ...{ counters: new CounterSet(), clock: systemClock },
    health: new SharedHealthStates(createHealthShared(1)),
    reportChange: () => undefined,
  });
});
afterEach(async () => {
  await directory.close();
  vi.useRealTimers();
});

const inTurns = { ...PLAIN_RESILIENCE, balancing: 'weighted' } as const;
const target = (host: string, port = 8_080, weight = 1) => ({ host, port, weight });
/** The target of a call that is over at once. */
function choose(record: UpstreamRecord) {
  const target = directory.choose(record);
  if (!isTarget(target)) throw new Error(target.name);
  directory.settle(record, target, 'answered');
  return target;
}

const hostsOf = (record: UpstreamRecord, calls: number) =>
  Array.from({ length: calls }, () => choose(record).host);

describe('the Host field', () => {
  const tls = { ca: undefined, cert: undefined, key: undefined, serverName: undefined };

  it.each([
    [target('bank.internal', 80), undefined, 'bank.internal'],
    [target('bank.internal', 443), undefined, 'bank.internal:443'],
    [target('bank.internal', 443), tls, 'bank.internal'],
    [target('::1', 9_000), undefined, '[::1]:9000'],
  ])('of %o is that of the target', (one, record, host) => {
    expect(hostsOf(anUpstream({ targets: [one], tls: record }), 1)).toEqual([host]);
  });
});

describe('the clients of an upstream', () => {
  it('are one for each target, and stay with the record', () => {
    const targets = [target('a'), target('b')];
    const record = anUpstream({ targets, resilience: inTurns });
    expect(hostsOf(record, 4)).toEqual(['a:8080', 'b:8080', 'a:8080', 'b:8080']);
    const [a, b] = [choose(record), choose(record)];
    expect([choose(record), choose(record)]).toEqual([a, b]);
    expect(a.client).not.toBe(b.client);
  });

  it('stay over a change of other targets and of weights', () => {
    const a = choose(anUpstream({ targets: [target('a'), target('b')], resilience: inTurns }));
    a.callsInFlight = 1;
    const next = anUpstream({ targets: [target('c'), target('a', 8_080, 5)] });
    expect(hostsOf(next, 2)).toEqual(['c:8080', 'c:8080']);
    a.callsInFlight = 0;
    const chosen = Array.from({ length: 50 }, () => choose(next));
    expect(chosen).toContain(a);
  });

  it('stay where only what is done about failures changes', () => {
    const [before, after] = [choose(anUpstream()), choose(anUpstream({ resilience: inTurns }))];
    expect(after).toBe(before);
  });

  it('are made anew where anything else of the record changes', () => {
    const before = choose(anUpstream({ queueMax: 1 }));
    const after = choose(anUpstream({ queueMax: 2 }));
    expect(after.client).not.toBe(before.client);
    vi.advanceTimersByTime(RETIRED_AFTER_MS);
    expect([before.isClosed, after.isClosed]).toEqual([true, false]);
  });

  it('that gave way to a record of an older snapshot are replaced', () => {
    const [older, newer] = [anUpstream({ queueMax: 1 }), anUpstream({ queueMax: 2 })];
    const first = choose(newer);
    choose(older);
    expect(choose(newer)).toBe(first);
    vi.advanceTimersByTime(RETIRED_AFTER_MS);
    expect(choose(newer).isClosed).toBe(false);
  });

  it('are closed when the registry has the upstream no more', () => {
    const [kept, gone] = [anUpstream({ id: 'kept' }), anUpstream({ id: 'gone' })];
    const [stays, leaves] = [choose(kept), choose(gone)];
    directory.retain(new Map([['kept', kept]]));
    vi.advanceTimersByTime(RETIRED_AFTER_MS);
    expect([stays.isClosed, leaves.isClosed]).toEqual([false, true]);
  });
});
