import { describe, expect, it } from 'vitest';
import { MemoryNonceStore } from '../../../src/stores/memory/nonce-store.ts';
import { describeNonceStore } from '../nonce-store-contract.ts';
import { SettableClock } from '../settable-clock.ts';

describeNonceStore('memory', (noncesMax, clock) => ({
  store: new MemoryNonceStore(noncesMax, clock),
  close: () => undefined,
}));

describe('MemoryNonceStore', () => {
  it('holds exactly noncesMax nonces', () => {
    const clock = new SettableClock();
    const store = new MemoryNonceStore(2, clock);
    const claims = ['a', 'b', 'c'].map(nonce => store.claim('app', nonce, clock.wallMs() + 1000));
    expect(claims).toEqual(['fresh', 'fresh', 'full']);
  });

  it('hands on the time before which nothing is known', () => {
    expect(new MemoryNonceStore(2, new SettableClock(), 17_000).acceptCreatedAfterMs).toBe(17_000);
  });
});
