import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialiseNonceState, type NonceState } from '../../../src/stores/shared-memory/index.ts';
import { SettableClock } from '../settable-clock.ts';
import {
  crashImage,
  NONCES_MAX,
  openState,
  openStore,
  STATE_FILE,
  temporaryFolder,
} from './temporary-state.ts';

interface Window {
  readonly createdMaxAgeMs?: number;
  readonly clockSkewMs?: number;
  readonly bootId?: string;
}

/** Starts of one gateway after another on one state, each with the window that it is given. */
function restarts(): { clock: SettableClock; start: (window?: Window) => NonceState } {
  const clock = new SettableClock();
  const stateDir = temporaryFolder();
  initialiseNonceState(stateDir, NONCES_MAX);
  let running: NonceState | undefined;
  const start = (window: Window = {}) => {
    running?.close();
    running = openState({ stateDir, clock, ...window });
    return running;
  };
  return { clock, start };
}

describe('a window that became wider', () => {
  it.each([
    ['createdMaxAgeMs', { createdMaxAgeMs: 60_000 }, { createdMaxAgeMs: 300_000 }],
    ['createdMaxAgeMs by 1 ms', { createdMaxAgeMs: 60_000 }, { createdMaxAgeMs: 60_001 }],
    ['clockSkewMs', { clockSkewMs: 5_000 }, { clockSkewMs: 120_000 }],
    ['clockSkewMs from none', { clockSkewMs: 0 }, { clockSkewMs: 1_000 }],
    [
      'one while the other shrank',
      { clockSkewMs: 5_000 },
      { clockSkewMs: 9e3, createdMaxAgeMs: 1e3 },
    ],
  ])('by %s makes the start strict', (_case, before: Window, after: Window) => {
    const { clock, start } = restarts();
    start(before);
    clock.pass(1_000);
    const state = start(after);
    expect(state.startReason).toBe('other-window');
    const skewMs = after.clockSkewMs ?? 5_000;
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + skewMs);
    expect(start(after).startReason).toBe('loaded');
  });

  it('lets no replay be fresh that was too old before', () => {
    const { clock, start } = restarts();
    const createdMs = clock.wallMs();
    const store = openStore(start({ createdMaxAgeMs: 60_000 }), clock);
    expect(store.claim('app', 'n', createdMs + 60_001)).toBe('fresh');
    clock.pass(120_000);
    const wider = openStore(start({ createdMaxAgeMs: 300_000 }), clock);
    // The table no longer knows it; the mark is what refuses it.
    expect(wider.claim('app', 'n', createdMs + 300_001)).toBe('fresh');
    expect(createdMs).toBeLessThanOrEqual(wider.acceptCreatedAfterMs);
  });

  it('is seen after a kill as well', () => {
    const stateDir = temporaryFolder();
    initialiseNonceState(stateDir, NONCES_MAX);
    openState({ stateDir, createdMaxAgeMs: 60_000 });
    const image = crashImage(stateDir);
    expect(openState({ stateDir: image, createdMaxAgeMs: 61_000 }).startReason).toBe(
      'other-window',
    );
  });

  it('is one even where it was as wide before it was narrow', () => {
    const { start } = restarts();
    start({ createdMaxAgeMs: 300_000 });
    expect(start({ createdMaxAgeMs: 60_000 }).startReason).toBe('loaded');
    expect(start({ createdMaxAgeMs: 300_000 }).startReason).toBe('other-window');
  });
});

describe('a window that did not become wider', () => {
  it.each([
    ['the same', {}],
    ['a shorter age', { createdMaxAgeMs: 30_000 }],
    ['a smaller skew', { clockSkewMs: 0 }],
  ])('%s keeps every nonce', (_case, after) => {
    const { clock, start } = restarts();
    const expiresAtMs = clock.wallMs() + 60_000;
    expect(openStore(start(), clock).claim('app', 'n', expiresAtMs)).toBe('fresh');
    const state = start(after);
    expect(state.startReason).toBe('loaded');
    expect(state.acceptCreatedAfterMs).toBe(0);
    expect(openStore(state, clock).claim('app', 'n', expiresAtMs)).toBe('seen');
  });

  it('is any window at the first start of a state made by the set-up', () => {
    const { start } = restarts();
    expect(start({ createdMaxAgeMs: 3_600_000, clockSkewMs: 300_000 }).startReason).toBe('new');
  });
});

describe('a strict start with a smaller skew than before', () => {
  it('refuses what the larger skew let in', () => {
    const { clock, start } = restarts();
    start({ clockSkewMs: 60_000 }).close();
    const state = start({ clockSkewMs: 5_000, createdMaxAgeMs: 61_000 });
    expect(state.startReason).toBe('other-window');
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + 60_000);
    const store = openStore(state, clock);
    clock.setWall(clock.wallMs() + 600_000);
    // A clock that is set forward moves the mark by the same reach.
    expect(store.acceptCreatedAfterMs).toBe(clock.wallMs() + 60_000);
  });

  it('remembers the larger one over starts that were not strict', () => {
    const { clock, start } = restarts();
    start({ clockSkewMs: 60_000 });
    start({ clockSkewMs: 5_000 });
    start({ clockSkewMs: 5_000 });
    const state = start({ clockSkewMs: 5_000, createdMaxAgeMs: 61_000 });
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + 60_000);
  });

  it('keeps what a strict start before it refused, and forgets the larger skew', () => {
    const { clock, start } = restarts();
    start({ clockSkewMs: 60_000 });
    const first = start({ clockSkewMs: 5_000, createdMaxAgeMs: 61_000 }).acceptCreatedAfterMs;
    clock.pass(10_000);
    const second = start({ clockSkewMs: 5_000, createdMaxAgeMs: 62_000 });
    expect(second.acceptCreatedAfterMs).toBe(first);
    clock.pass(600_000);
    const third = start({ clockSkewMs: 5_000, createdMaxAgeMs: 63_000 });
    expect(third.acceptCreatedAfterMs).toBe(clock.wallMs() + 5_000);
  });

  it('reads it in a file that has lost its slots', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    openState({ stateDir, clock, clockSkewMs: 60_000 }).close();
    truncateSync(join(stateDir, STATE_FILE), 5_000);
    const state = openState({ stateDir, clock, clockSkewMs: 5_000 });
    expect(state.startReason).toBe('corrupt');
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + 60_000);
  });

  it('after a kill and another boot refuses it too', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    initialiseNonceState(stateDir, NONCES_MAX);
    openState({ stateDir, clock, clockSkewMs: 60_000 });
    const image = crashImage(stateDir);
    const state = openState({ stateDir: image, clock, clockSkewMs: 5_000, bootId: 'next-boot' });
    expect(state.startReason).toBe('other-boot');
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + 60_000);
  });
});
