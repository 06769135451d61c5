/** What every driver of NonceStore promises, as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NonceStore } from '../../src/stores/contracts.ts';
import { SettableClock } from './settable-clock.ts';

export interface OpenedStore {
  readonly store: NonceStore;
  close(): void;
}

/** Opens a store for at least `noncesMax` nonces that knows everything from the start. */
export type OpenStore = (noncesMax: number, clock: SettableClock) => OpenedStore;

const WINDOW_MS = 65_000;

export function describeNonceStore(driver: string, open: OpenStore): void {
  describe(`nonce store: ${driver}`, () => {
    let clock: SettableClock;
    let opened: OpenedStore;
    let store: NonceStore;

    beforeEach(() => {
      clock = new SettableClock();
      opened = open(1024, clock);
      store = opened.store;
    });
    afterEach(() => opened.close());

    const claim = (app: string, nonce: string, lifeMs = WINDOW_MS) =>
      store.claim(app, nonce, clock.wallMs() + lifeMs);

    it('gives a nonce out once', () => {
      expect(claim('app', 'n')).toBe('fresh');
      expect(claim('app', 'n')).toBe('seen');
      expect(claim('app', 'N')).toBe('fresh');
    });

    it('keeps the nonces of apps apart, however ids and nonces join', () => {
      expect(claim('ab', 'c')).toBe('fresh');
      expect(claim('a', 'bc')).toBe('fresh');
      expect(claim('', 'abc')).toBe('fresh');
      expect(claim('2:a', 'bc')).toBe('fresh');
    });

    it('tells nonces apart that differ beyond ASCII or only in length', () => {
      const nonces = ['', 'é', 'e', '\u0000', '\u0000\u0000', 'x'.repeat(255), 'x'.repeat(256)];
      expect(nonces.map(nonce => claim('app', nonce))).toEqual(nonces.map(() => 'fresh'));
      expect(nonces.map(nonce => claim('app', nonce))).toEqual(nonces.map(() => 'seen'));
    });

    it('remembers a nonce up to its expiry and lets it go there', () => {
      claim('app', 'n');
      clock.pass(WINDOW_MS - 1000);
      expect(claim('app', 'n')).toBe('seen');
      clock.pass(1000);
      expect(claim('app', 'n')).toBe('fresh');
      expect(claim('app', 'n')).toBe('seen');
    });

    it('refuses what has expired already and what is no time', () => {
      expect(claim('app', 'a', 0)).toBe('seen');
      expect(claim('app', 'b', -1)).toBe('seen');
      expect(claim('app', 'c', Number.NaN)).toBe('seen');
      expect(claim('app', 'c')).toBe('fresh');
    });

    it('knows a nonce again when the clock passed its expiry and came back', () => {
      const start = clock.wallMs();
      claim('app', 'n');
      clock.pass(3_600_000);
      clock.setWall(start + 1000);
      expect(store.claim('app', 'n', start + WINDOW_MS)).toBe('seen');
      expect(claim('app', 'other')).toBe('fresh');
    });

    it('refuses what may be forgotten when the clock comes back after it forgot a nonce', () => {
      const start = clock.wallMs();
      claim('app', 'n');
      clock.pass(3_600_000);
      expect(claim('app', 'n')).toBe('fresh');
      clock.setWall(start + 1000);
      expect(store.claim('app', 'n', start + WINDOW_MS)).toBe('seen');
      expect(store.claim('app', 'other', start + WINDOW_MS)).toBe('seen');
      expect(store.claim('app', 'other', start + WINDOW_MS + 1000)).toBe('fresh');
    });

    it('is full at some point, forgets nothing for it, and has room again later', () => {
      const fresh: string[] = [];
      for (let i = 0; claim('app', `n${i}`) !== 'full'; i++) {
        fresh.push(`n${i}`);
        expect(i).toBeLessThan(1024 * 16);
      }
      expect(fresh.length).toBeGreaterThanOrEqual(1024);
      expect(fresh.filter(nonce => claim('app', nonce) !== 'seen')).toEqual([]);
      clock.pass(WINDOW_MS);
      expect(claim('app', `n${fresh.length}`)).toBe('fresh');
    });

    it('accepts signatures of any age where it knows everything', () => {
      expect(store.acceptCreatedAfterMs).toBeLessThan(clock.wallMs() - 86_400_000);
    });
  });
}
