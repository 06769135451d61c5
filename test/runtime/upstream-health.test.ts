import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import type { HealthCheckRecord, UpstreamRecord } from '../../src/core/upstream-record.ts';
import { UpstreamHealth } from '../../src/runtime/upstream-health.ts';
import { SharedHealthStates } from '../../src/stores/shared-memory/index.ts';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { upstreamOf } from '../data-plane/upstream/target-world.ts';
import { eventually } from '../support/eventually.ts';

const terms: HealthCheckRecord = {
  path: '/health',
  intervalMs: 20,
  timeoutMs: 200,
  healthyAfter: 1,
  unhealthyAfter: 2,
};

let server: RawUpstream;
let port: number;
let health: UpstreamHealth;
let front: SharedHealthStates;
let counters: CounterSet;
let said: (string | undefined)[];

beforeEach(async () => {
  server = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  port = await server.listen();
  counters = new CounterSet();
  said = [];
  const report = (_target: unknown, failure: string | undefined) => said.push(failure);
  health = new UpstreamHealth({ fronts: 2, counters, report });
  front = new SharedHealthStates(health.shared, { front: 1 });
});
afterEach(async () => {
  health.close();
  await server.close();
});

function checked(changes: Partial<UpstreamRecord> = {}): UpstreamRecord {
  const targets = [{ host: '127.0.0.1', port, weight: 1 }];
  return { ...upstreamOf([1], { health: terms }), targets, ...changes };
}

const target = () => front.target('bank', '127.0.0.1', port);
const isDown = () => target()?.isDown;

describe('a target that is checked', () => {
  it('is down for the fronts while it refuses, and up when it is back', async () => {
    health.takeAll([checked()]);
    await eventually(() => counters.get('upstream_checks')).toBeGreaterThan(1);
    expect(isDown()).toBe(false);
    await server.close();
    await eventually(isDown).toBe(true);
    server = new RawUpstream(({ socket }) => socket.write(answerOf('again')));
    await server.listen(port);
    await eventually(isDown).toBe(false);
    expect(said).toEqual([expect.stringContaining('ECONN'), undefined]);
    expect(target()?.backSinceMs).toBeGreaterThan(0);
  });

  it('is down for a front that starts later as well', async () => {
    await server.close();
    health.takeAll([checked()]);
    await eventually(isDown).toBe(true);
    const later = new SharedHealthStates(health.shared);
    expect(later.target('bank', '127.0.0.1', port)?.isDown).toBe(true);
  });

  it('loses place and checks when the registry has it no more', async () => {
    health.takeAll([checked()]);
    await eventually(() => counters.get('upstream_checks')).toBeGreaterThan(0);
    health.take({ upserts: [], removals: ['bank'] });
    expect(target()).toBeUndefined();
    const { length } = server.requests;
    await new Promise(resolve => setTimeout(resolve, 3 * terms.intervalMs));
    expect(server.requests).toHaveLength(length);
  });

  it('goes on being checked as before where something else changes', async () => {
    health.takeAll([checked()]);
    await eventually(() => server.requests.length).toBeGreaterThan(0);
    health.take({ upserts: [checked({ queueMax: 3 })], removals: [] });
    await eventually(() => server.requests.length).toBeGreaterThan(2);
    expect(server.connections).toBe(1);
  });

  it('is up where its upstream is not checked any more', async () => {
    await server.close();
    const outlier = {
      ...{ consecutiveFailuresMax: 1, ejectionMs: 1_000 },
      ...{ ejectionMaxMs: 1_000, ejectedMaxPercent: 50 },
    };
    health.takeAll([checked()]);
    await eventually(isDown).toBe(true);
    const { resilience } = upstreamOf([1], { outlier });
    health.take({ upserts: [checked({ resilience })], removals: [] });
    expect(isDown()).toBe(false);
  });
});

describe('an upstream without checks, outliers and breaker', () => {
  it('takes no place', () => {
    health.takeAll([upstreamOf([1])]);
    expect(front.target('bank', 'a', 1)).toBeUndefined();
    expect(front.circuit('bank')).toBeUndefined();
  });
});

describe('the report of an upstream', () => {
  it('says what checks, calls and circuit have come to', async () => {
    const breaker = {
      ...{ failuresMaxPercent: 1, windowMs: 1_000, requestsMin: 1 },
      ...{ openMs: 60_000, trialsMax: 1 },
    };
    const { resilience } = upstreamOf([1], { health: terms, breaker });
    health.takeAll([checked({ resilience })]);
    expect(health.report('bank')).toEqual({
      upstream: 'bank',
      circuit: { state: 'closed' },
      targets: [{ host: '127.0.0.1', port, weight: 1, state: 'up', callsInFlight: 0 }],
    });
    front.circuit('bank')!.report(breaker, front.nowMs(), 'bad');
    target()!.eject(front.nowMs() + 60_000, 1);
    await eventually(() => health.report('bank')).toMatchObject({
      circuit: { state: 'open', openUntil: expect.any(String) },
      targets: [{ state: 'ejected', lastCheck: { at: expect.any(String) } }],
    });
    const [report] = health.report('bank')!.targets;
    const leftMs = Date.parse(report!.ejectedUntil!) - Date.now();
    expect(leftMs).toBeGreaterThan(30_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    await server.close();
    await eventually(() => health.report('bank')?.targets[0]).toMatchObject({
      state: 'down',
      lastCheck: { failure: expect.stringContaining('ECONN') },
    });
  });

  it('counts what fronts have in flight, until they end', () => {
    health.takeAll([checked()]);
    target()!.showCalls(3);
    new SharedHealthStates(health.shared, { front: 0 })
      .target('bank', '127.0.0.1', port)!
      .showCalls(2);
    const inFlight = () => health.report('bank')?.targets[0]?.callsInFlight;
    expect(inFlight()).toBe(5);
    health.forgetFront(1);
    expect(inFlight()).toBe(2);
  });

  it('is none where the registry has no such upstream', () => {
    expect(health.report('nobody')).toBeUndefined();
  });
});

describe('the whole registry, taken again', () => {
  it('takes back what is gone from it', () => {
    health.takeAll([checked(), { ...checked(), id: 'other' }]);
    health.takeAll([{ ...checked(), id: 'other' }]);
    expect(target()).toBeUndefined();
    expect(front.target('other', '127.0.0.1', port)).toBeDefined();
  });
});
