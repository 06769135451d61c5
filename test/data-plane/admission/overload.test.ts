import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { plainPlan } from '../../../src/core/plain-terms.ts';
import type { CompiledSnapshot, Priority } from '../../../src/core/snapshot.ts';
import { OverloadControl, OverloadGate } from '../../../src/data-plane/admission/index.ts';
import { aKeyEntry, anArrival, EMPTY_SNAPSHOT } from '../../support/exchanges.ts';

const TARGET_MS = 25;
const MOST = 1_000;

let counters: CounterSet;
let control: OverloadControl;

beforeEach(() => {
  counters = new CounterSet();
  // Intervals end when the test says so.
  control = new OverloadControl({ targetMs: TARGET_MS, inFlightMax: MOST, counters }, 1e6);
});
afterEach(() => control.close());

const limit = () => counters.get('overload_in_flight_limit');

/** One interval with so many calls in flight, of which each waits so long. */
function interval(inFlight: number, ...waitsMs: number[]): void {
  counters.set('exchanges_in_flight', inFlight);
  void control.isCalm;
  for (const waitMs of waitsMs) control.observe(waitMs);
  control.adjust();
}

describe('how many calls may be in flight', () => {
  it('is what is configured while some calls do not wait', () => {
    for (let i = 0; i < 20; i++) interval(900, 80, 300, 10);
    expect(limit()).toBe(MOST);
  });

  it('shrinks from what is in flight while every call waits, to what works at once', () => {
    interval(400, 80, 90);
    expect(limit()).toBe(MOST);
    interval(400, 80, 90);
    expect(limit()).toBeCloseTo(340);
    for (let i = 0; i < 30; i++) interval(400, 80, 90);
    expect(limit()).toBe(128);
  });

  it('grows again when calls do not wait, and when nobody calls', () => {
    for (let i = 0; i < 30; i++) interval(400, 80);
    interval(128, 5);
    expect(limit()).toBeCloseTo(140.8);
    for (let i = 0; i < 30; i++) interval(0);
    expect(limit()).toBe(MOST);
  });

  it('finds what can be served of a gateway that serves 2,000 a second, whatever comes', () => {
    for (let i = 0; i < 200; i++) {
      const inFlight = Math.min(2_000, limit() || MOST);
      // Little's law: those in flight wait for each other.
      interval(inFlight, (inFlight / 2_000) * 1_000);
    }
    expect(limit()).toBeLessThan(200);
  });
});

describe('who is refused', () => {
  const ORDER: readonly Priority[] = ['low', 'normal', 'high'];
  const refusedAt = (inFlight: number) => {
    counters.set('exchanges_in_flight', inFlight);
    return ORDER.filter(priority => control.refuses(priority));
  };

  it('is low priority first and high last', () => {
    expect(refusedAt(600)).toEqual([]);
    expect(refusedAt(700)).toEqual(['low']);
    expect(refusedAt(900)).toEqual(['low', 'normal']);
    expect(refusedAt(1_000)).toEqual(['low', 'normal', 'high']);
  });

  const snapshot: CompiledSnapshot = {
    ...EMPTY_SNAPSHOT,
    keys: new Map([['key-1', aKeyEntry()]]),
    plans: new Map([['gold', { ...plainPlan('gold'), priority: 'high' }]]),
    find: () => ({ operation: {}, api: { id: 'accounts' } }) as never,
    grant: appId => (appId === 'app-1' ? { planId: 'gold', scopes: new Set() } : undefined),
  };
  const signedBy = (keyId: string) => ['signature-input', `sig1=("@method");keyid="${keyId}"`];

  it('is told to come back at different times, and counted by the plan that it claims', () => {
    const gate = new OverloadGate(control, counters);
    counters.set('exchanges_in_flight', 950);
    expect(gate.isCalm).toBe(true);
    const ask = (headers: string[]) => gate.refuse(anArrival({ snapshot, headers }));
    expect(ask(signedBy('key-1'))).toBeUndefined();
    const refused = [1, 2, 3].map(() => ask(signedBy('nobody')));
    expect(refused[0]).toMatchObject({ name: 'overloaded', status: 503 });
    expect(new Set(refused.map(one => one!.retryAfterSeconds))).toEqual(new Set([1, 2, 3]));
    counters.set('exchanges_in_flight', 1_000);
    expect(ask(signedBy('key-1'))).toMatchObject({ name: 'overloaded' });
    expect([counters.get('calls_shed_low'), counters.get('calls_shed_high')]).toEqual([3, 1]);
  });
});
