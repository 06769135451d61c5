import { existsSync, mkdirSync, mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { MemoryNonceStore } from '../../../src/stores/memory/nonce-store.ts';
import {
  createSharedNonceStore,
  initialiseNonceState,
  openNonceState,
} from '../../../src/stores/shared-memory/index.ts';
import { describeNonceStore } from '../nonce-store-contract.ts';
import { SettableClock } from '../settable-clock.ts';
import {
  CLOCK_SKEW_MS,
  CREATED_MAX_AGE_MS,
  crashImage,
  openState,
  openStore,
  STATE_FILE,
  temporaryFolder,
} from './temporary-state.ts';

describeNonceStore('shared-memory', openTrusted);

/** Without vitest's hooks, so that a property can open one per run. */
function openTrusted(noncesMax: number, clock: SettableClock) {
  const stateDir = mkdtempSync(join(tmpdir(), 'xingyun-nonces-'));
  initialiseNonceState(stateDir, noncesMax);
  const window = { createdMaxAgeMs: CREATED_MAX_AGE_MS, clockSkewMs: CLOCK_SKEW_MS };
  const state = openNonceState({ stateDir, noncesMax, ...window, clock });
  const store = createSharedNonceStore(state.shared, { clock, counters: new CounterSet() });
  const close = () => {
    store.close();
    state.close();
    rmSync(stateDir, { recursive: true });
  };
  return { store, close };
}

describe('shared-memory nonce store', () => {
  it('answers as the memory driver does, whatever is claimed while time passes', () => {
    const step = fc.record({
      app: fc.constantFrom('a', 'b', 'ab'),
      nonce: fc.integer({ min: 0, max: 12 }),
      passSeconds: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90 })),
      lifeSeconds: fc.integer({ min: -2, max: 70 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const clock = new SettableClock();
        const memory = new MemoryNonceStore(1024, clock);
        const { store, close } = openTrusted(1024, clock);
        try {
          for (const { app, nonce, passSeconds, lifeSeconds } of steps) {
            clock.pass(passSeconds * 1000);
            const expiresAtMs = clock.wallMs() + lifeSeconds * 1000;
            const claimed = store.claim(app, `n${nonce}`, expiresAtMs);
            expect(claimed).toBe(memory.claim(app, `n${nonce}`, expiresAtMs));
          }
        } finally {
          close();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shares what it knows with every store over the same state', () => {
    const clock = new SettableClock();
    const state = openState({ clock });
    const [a, b] = [openStore(state, clock), openStore(state, clock)];
    expect(a.claim('app', 'n', clock.wallMs() + 1000)).toBe('fresh');
    expect(b.claim('app', 'n', clock.wallMs() + 1000)).toBe('seen');
  });

  it('has no room for a nonce that would live longer than a day', () => {
    const clock = new SettableClock();
    const store = openStore(openState({ clock }), clock);
    expect(store.claim('app', 'n', clock.wallMs() + 86_401_000)).toBe('full');
    expect(store.claim('app', 'n', Number.POSITIVE_INFINITY)).toBe('full');
    expect(store.claim('app', 'n', clock.wallMs() + 86_400_000)).toBe('fresh');
  });

  it('accepts nothing after its state or itself was closed', () => {
    const clock = new SettableClock();
    const state = openState({ clock });
    const [a, b] = [openStore(state, clock), openStore(state, clock)];
    a.close();
    expect(a.claim('app', 'n', clock.wallMs() + 1000)).toBe('full');
    expect(b.claim('app', 'n', clock.wallMs() + 1000)).toBe('fresh');
    state.close();
    expect(b.claim('app', 'm', clock.wallMs() + 1000)).toBe('full');
  });
});

describe('a disk that fails', () => {
  const noSpace = () => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  };

  it.each([
    ['takes nothing', noSpace],
    ['takes half a word', () => 4],
  ])('that %s costs the file, not the service', (_case, write) => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    const state = openState({ stateDir, clock });
    const counters = new CounterSet();
    const failures: unknown[] = [];
    const onPersistFailed = (error: unknown) => failures.push(error);
    const store = openStore(state, clock, { counters, write, onPersistFailed });
    const other = openStore(state, clock, { counters });
    const expiresAtMs = clock.wallMs() + 60_000;
    expect(state.persistent).toBe(true);
    expect(store.claim('app', 'a', expiresAtMs)).toBe('fresh');
    expect(state.persistent).toBe(false);
    expect(failures).toHaveLength(1);
    expect(store.claim('app', 'a', expiresAtMs)).toBe('seen');
    expect(other.claim('app', 'b', expiresAtMs)).toBe('fresh');
    expect(counters.get('nonces_persist_failed')).toBe(2);
    expect(existsSync(join(stateDir, STATE_FILE))).toBe(false);
    state.close();
    expect(openState({ stateDir, clock }).startReason).toBe('missing');
  });

  it('that takes no change at all is told of once, with both reasons', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    const path = join(stateDir, STATE_FILE);
    const state = openState({ stateDir, clock });
    const failures: unknown[] = [];
    const onPersistFailed = (error: unknown) => failures.push(error);
    const store = openStore(state, clock, { write: noSpace, onPersistFailed });
    // A folder in its place can neither be unlinked nor written to.
    rmSync(path);
    mkdirSync(path);
    expect(store.claim('app', 'a', clock.wallMs() + 60_000)).toBe('fresh');
    expect(store.claim('app', 'b', clock.wallMs() + 60_000)).toBe('fresh');
    expect(failures).toHaveLength(1);
    expect((failures[0] as AggregateError).errors).toMatchObject([
      { code: 'ENOSPC' },
      { code: 'EISDIR' },
    ]);
    expect(state.persistent).toBe(false);
    rmSync(path, { recursive: true });
  });

  it('writes one word per accepted nonce and nothing for a refused one', () => {
    const clock = new SettableClock();
    const state = openState({ clock });
    const first = openStore(state, clock);
    first.claim('app', 'a', clock.wallMs() + 60_000);
    const positions: number[] = [];
    const write: typeof writeSync = (...parameters: unknown[]) => {
      positions.push(parameters[4] as number);
      return (writeSync as (...all: unknown[]) => number)(...parameters);
    };
    const store = openStore(state, clock, { write });
    store.claim('app', 'b', clock.wallMs() + 60_000);
    const afterFirst = positions.length;
    store.claim('app', 'a', clock.wallMs() + 60_000);
    store.claim('app', 'b', clock.wallMs() + 60_000);
    expect(positions).toHaveLength(afterFirst);
    store.claim('app', 'c', clock.wallMs() + 60_000);
    expect(positions).toHaveLength(afterFirst + 1);
    expect(positions.at(-1)).toBeGreaterThanOrEqual(4096);
  });
});

describe('a clock that is set forward after a strict start', () => {
  it('moves the mark along, and into the file', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    const state = openState({ stateDir, clock });
    const store = openStore(state, clock);
    const firstMark = store.acceptCreatedAfterMs;
    clock.pass(20_000);
    expect(store.acceptCreatedAfterMs).toBe(firstMark);
    clock.setWall(clock.wallMs() + 600_000);
    expect(store.acceptCreatedAfterMs).toBe(firstMark + 600_000);
    expect(state.acceptCreatedAfterMs).toBe(firstMark + 600_000);
    const image = openState({ stateDir: crashImage(stateDir), clock });
    expect(image.startReason).toBe('loaded');
    expect(image.acceptCreatedAfterMs).toBe(firstMark + 600_000);
  });

  it('leaves it when the clock is set back, or by less than a second', () => {
    const clock = new SettableClock();
    const store = openStore(openState({ clock }), clock);
    const firstMark = store.acceptCreatedAfterMs;
    clock.setWall(clock.wallMs() + 999);
    expect(store.acceptCreatedAfterMs).toBe(firstMark);
    clock.setWall(clock.wallMs() - 600_000);
    expect(store.acceptCreatedAfterMs).toBe(firstMark);
  });

  it('counts from the start of the process on a thread that came later', () => {
    const clock = new SettableClock();
    const startedMs = clock.wallMs();
    const state = openState({ clock });
    clock.pass(3_600_000);
    expect(openStore(state, clock).acceptCreatedAfterMs).toBe(startedMs + CLOCK_SKEW_MS);
  });

  it('is of no account once a day has passed', () => {
    const clock = new SettableClock();
    const store = openStore(openState({ clock }), clock);
    const firstMark = store.acceptCreatedAfterMs;
    clock.pass(86_400_001);
    clock.setWall(clock.wallMs() + 600_000);
    expect(store.acceptCreatedAfterMs).toBe(firstMark);
  });
});
