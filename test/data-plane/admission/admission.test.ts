import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { Admission, SourceRates } from '../../../src/data-plane/admission/index.ts';
import { createLimitShared, SharedLimitStore } from '../../../src/stores/shared-memory/index.ts';
import { anExchange } from '../../support/exchanges.ts';

function anAdmission(limits: Partial<Config['limits']>): {
  admission: Admission;
  counters: CounterSet;
} {
  const counters = new CounterSet();
  const all = { exchangesInFlightMax: 10, activePerSourceMax: 10, ...limits } as Config['limits'];
  return { admission: new Admission(all, counters), counters };
}

function codeOf(result: unknown): string | undefined {
  return (result as { name?: string } | undefined)?.name;
}

describe('admission', () => {
  it('sheds what is beyond exchangesInFlightMax and counts it', () => {
    const { admission, counters } = anAdmission({ exchangesInFlightMax: 2 });
    counters.set('exchanges_in_flight', 2);
    expect(codeOf(admission.admit(anExchange()))).toBeUndefined();
    counters.set('exchanges_in_flight', 3);
    expect(codeOf(admission.admit(anExchange()))).toBe('overloaded');
    expect(counters.get('exchanges_shed')).toBe(1);
  });

  it('bounds one source without touching another', () => {
    const { admission } = anAdmission({ activePerSourceMax: 2 });
    const first = anExchange({ peer: '192.0.2.1' });
    expect(codeOf(admission.admit(first))).toBeUndefined();
    expect(codeOf(admission.admit(anExchange({ peer: '192.0.2.1' })))).toBeUndefined();
    const third = anExchange({ peer: '192.0.2.1' });
    expect(codeOf(admission.admit(third))).toBe('too-many-connections');
    expect(codeOf(admission.admit(anExchange({ peer: '192.0.2.2' })))).toBeUndefined();
    admission.release(third);
    expect(codeOf(admission.admit(anExchange({ peer: '192.0.2.1' })))).toBe('too-many-connections');
    admission.release(first);
    expect(codeOf(admission.admit(anExchange({ peer: '192.0.2.1' })))).toBeUndefined();
  });
});

describe('a source of IPv6', () => {
  it('is its /64: another address of it has no calls of its own', () => {
    const { admission } = anAdmission({ activePerSourceMax: 2 });
    const first = anExchange({ peer: '2001:db8:0:1::1' });
    expect(codeOf(admission.admit(first))).toBeUndefined();
    expect(codeOf(admission.admit(anExchange({ peer: '2001:db8:0:1::2' })))).toBeUndefined();
    const third = () => codeOf(admission.admit(anExchange({ peer: '2001:db8:0:1:ffff::3' })));
    expect(third()).toBe('too-many-connections');
    expect(codeOf(admission.admit(anExchange({ peer: '2001:db8:0:2::1' })))).toBeUndefined();
    admission.release(first);
    expect(third()).toBeUndefined();
  });
});

describe('the rate of a source', () => {
  it('refuses what comes too fast from one address, and nobody else', () => {
    let nowMs = 1_000;
    const counters = new CounterSet();
    const shared = createLimitShared(1, 1_024, 65_536);
    const store = new SharedLimitStore(shared, { front: 0, counters, nowMs: () => nowMs });
    const terms = { sourceRequestsPerSecondMax: 2, sourceBurstMax: 3 };
    const limits = { exchangesInFlightMax: 10, activePerSourceMax: 10 } as Config['limits'];
    const admission = new Admission(limits, counters, {
      sources: new SourceRates(store, counters, terms),
    });
    const admitted = (peer: string) => admission.admit(anExchange({ peer }));
    for (let call = 0; call < 3; call++) expect(admitted('192.0.2.1')).toBeUndefined();
    expect(admitted('192.0.2.1')).toMatchObject({ name: 'rate-limited', retryAfterSeconds: 1 });
    expect(admitted('192.0.2.2')).toBeUndefined();
    expect(counters.get('calls_refused_source_rate')).toBe(1);
    nowMs += 500;
    expect(admitted('192.0.2.1')).toBeUndefined();
    // Whoever has a /64 has all of it.
    for (let call = 0; call < 3; call++) expect(admitted(`2001:db8::${call}`)).toBeUndefined();
    expect(admitted('2001:db8::9')).toMatchObject({ name: 'rate-limited' });
  });
});
