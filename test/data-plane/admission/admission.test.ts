import { describe, expect, it } from 'vitest';
import type { Config } from '../../../src/core/config.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { Admission } from '../../../src/data-plane/admission/index.ts';
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
