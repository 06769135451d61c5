import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initialiseNonceState, NonceStateError } from '../../../src/stores/shared-memory/index.ts';
import { SettableClock } from '../settable-clock.ts';
import {
  CLOCK_SKEW_MS,
  crashImage,
  NONCES_MAX,
  openState,
  openStore,
  STATE_FILE,
  temporaryFolder,
} from './temporary-state.ts';

/** A state folder whose killed owner had accepted 'spent' for 60 s; it knew everything. */
function killedState(clock: SettableClock): string {
  const stateDir = temporaryFolder();
  initialiseNonceState(stateDir, NONCES_MAX);
  const store = openStore(openState({ stateDir, clock }), clock);
  expect(store.claim('app', 'spent', clock.wallMs() + 60_000)).toBe('fresh');
  return crashImage(stateDir);
}

function errorCode(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof NonceStateError) return error.code;
    throw error;
  }
  return undefined;
}

describe('a state made by the set-up', () => {
  it('is trusted by the first start, on whatever boot', () => {
    const stateDir = join(temporaryFolder(), 'state');
    initialiseNonceState(stateDir, NONCES_MAX);
    const first = openState({ stateDir, bootId: 'another-boot' });
    expect(first.startReason).toBe('new');
    expect(first.acceptCreatedAfterMs).toBe(0);
    first.close();
    expect(openState({ stateDir, bootId: 'another-boot' }).startReason).toBe('loaded');
  });

  it('is for its owner alone', () => {
    const stateDir = join(temporaryFolder(), 'state');
    initialiseNonceState(stateDir, NONCES_MAX);
    expect(statSync(stateDir).mode & 0o777).toBe(0o700);
    expect(statSync(join(stateDir, STATE_FILE)).mode & 0o777).toBe(0o600);
  });

  it('is never made over one that exists', () => {
    const stateDir = killedState(new SettableClock());
    const before = readFileSync(join(stateDir, STATE_FILE));
    expect(errorCode(() => initialiseNonceState(stateDir, NONCES_MAX))).toBe('exists');
    expect(readFileSync(join(stateDir, STATE_FILE)).equals(before)).toBe(true);
  });
});

describe('a start that trusts the file', () => {
  it('knows after a kill what was accepted before', () => {
    const clock = new SettableClock();
    const state = openState({ stateDir: killedState(clock), clock });
    const store = openStore(state, clock);
    expect(state.startReason).toBe('loaded');
    expect(state.acceptCreatedAfterMs).toBe(0);
    expect(store.claim('app', 'spent', clock.wallMs() + 60_000)).toBe('seen');
    expect(store.claim('app', 'other', clock.wallMs() + 60_000)).toBe('fresh');
  });

  it('knows after a clean stop and another boot what was accepted before', () => {
    const clock = new SettableClock();
    const stateDir = killedState(clock);
    openState({ stateDir, clock }).close();
    const state = openState({ stateDir, clock, bootId: 'next-boot' });
    expect(state.startReason).toBe('loaded');
    const store = openStore(state, clock);
    expect(store.claim('app', 'spent', clock.wallMs() + 60_000)).toBe('seen');
  });

  it('takes the clean mark off before it accepts anything', () => {
    const clock = new SettableClock();
    const stateDir = killedState(clock);
    openState({ stateDir, clock }).close();
    openState({ stateDir, clock });
    const image = openState({ stateDir: crashImage(stateDir), clock, bootId: 'next-boot' });
    expect(image.startReason).toBe('other-boot');
  });

  it('that was handed over knows all on the same boot, and is not trusted on another', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    initialiseNonceState(stateDir, NONCES_MAX);
    const first = openState({ stateDir, clock });
    const expiresMs = clock.wallMs() + 60_000;
    expect(openStore(first, clock).claim('app', 'spent', expiresMs)).toBe('fresh');
    first.close({ isHandedOver: true });
    const left = crashImage(stateDir);
    const second = openState({ stateDir, clock });
    expect(second.startReason).toBe('loaded');
    expect(openStore(second, clock).claim('app', 'spent', expiresMs)).toBe('seen');
    const elsewhere = openState({ stateDir: left, clock, bootId: 'next-boot' });
    expect(elsewhere.startReason).toBe('other-boot');
  });

  it('keeps the mark of a strict start that was cut short', () => {
    const clock = new SettableClock();
    const stateDir = temporaryFolder();
    const strict = openState({ stateDir, clock });
    clock.pass(1000);
    const next = openState({ stateDir: crashImage(stateDir), clock });
    expect(next.startReason).toBe('loaded');
    expect(next.acceptCreatedAfterMs).toBe(strict.acceptCreatedAfterMs);
    expect(openStore(next, clock).acceptCreatedAfterMs).toBe(strict.acceptCreatedAfterMs);
  });

  it('remembers what may be forgotten, should the clock go back with the restart', () => {
    const clock = new SettableClock();
    const startMs = clock.wallMs();
    const stateDir = temporaryFolder();
    initialiseNonceState(stateDir, NONCES_MAX);
    const store = openStore(openState({ stateDir, clock }), clock);
    store.claim('app', 'spent', startMs + 60_000);
    clock.pass(3_600_000);
    store.claim('app', 'spent', clock.wallMs() + 60_000);
    clock.setWall(startMs);
    const next = openStore(openState({ stateDir: crashImage(stateDir), clock }), clock);
    expect(next.claim('app', 'spent', startMs + 60_000)).toBe('seen');
    expect(next.claim('app', 'other', startMs + 60_000)).toBe('seen');
    expect(next.claim('app', 'other', startMs + 61_000)).toBe('fresh');
  });
});

describe('a strict start', () => {
  const strictStart = (stateDir: string, options: { noncesMax?: number; bootId?: string } = {}) => {
    const clock = new SettableClock();
    const state = openState({ stateDir, clock, ...options });
    expect(state.acceptCreatedAfterMs).toBe(clock.wallMs() + CLOCK_SKEW_MS);
    expect(openStore(state, clock).acceptCreatedAfterMs).toBe(state.acceptCreatedAfterMs);
    return state.startReason;
  };

  it('follows a missing file', () => {
    expect(strictStart(temporaryFolder())).toBe('missing');
  });

  it('follows a kill and another boot', () => {
    const stateDir = killedState(new SettableClock());
    expect(strictStart(stateDir, { bootId: 'next-boot' })).toBe('other-boot');
  });

  it('follows another noncesMax', () => {
    const stateDir = killedState(new SettableClock());
    expect(strictStart(stateDir, { noncesMax: NONCES_MAX * 2 })).toBe('other-size');
  });

  it.each([0, 9, 12, 20, 30, 48, 52, 56, 70, 130])(
    'follows a header with byte %i changed',
    position => {
      const stateDir = killedState(new SettableClock());
      const path = join(stateDir, STATE_FILE);
      const bytes = readFileSync(path);
      bytes[position]! ^= 1;
      writeFileSync(path, bytes);
      expect(strictStart(stateDir)).toBe('corrupt');
    },
  );

  it.each([0, 100, 4096, 5000])('follows a file cut to %i bytes', lengthBytes => {
    const stateDir = killedState(new SettableClock());
    truncateSync(join(stateDir, STATE_FILE), lengthBytes);
    expect(strictStart(stateDir)).toBe('corrupt');
  });

  it('follows a file that grew', () => {
    const stateDir = killedState(new SettableClock());
    writeFileSync(join(stateDir, STATE_FILE), 'more', { flag: 'a' });
    expect(strictStart(stateDir)).toBe('corrupt');
  });

  it('leaves a whole file for the next start', () => {
    const stateDir = temporaryFolder();
    strictStart(stateDir);
    expect(openState({ stateDir: crashImage(stateDir) }).startReason).toBe('loaded');
  });

  it('uses another secret, so that nothing learnt about the old table helps', () => {
    const clock = new SettableClock();
    const stateDir = killedState(clock);
    const first = openState({ stateDir: crashImage(stateDir), clock }).shared.secret;
    const second = openState({ stateDir: crashImage(stateDir), clock }).shared.secret;
    const strict = openState({ stateDir, clock, bootId: 'next-boot' }).shared.secret;
    expect(second).toBe(first);
    expect(strict).not.toBe(first);
    expect(strict).toMatch(/^[\w-]{22}$/);
  });
});

describe('a state that cannot be used', () => {
  it('is one that this process has open already', () => {
    const stateDir = temporaryFolder();
    const state = openState({ stateDir });
    expect(errorCode(() => openState({ stateDir }))).toBe('locked');
    expect(errorCode(() => openState({ stateDir }))).toBe('locked');
    state.close();
    expect(openState({ stateDir }).startReason).toBe('loaded');
  });

  it('is a folder that is a file', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, '');
    expect(errorCode(() => openState({ stateDir: path }))).toBe('unusable');
    expect(errorCode(() => initialiseNonceState(path, NONCES_MAX))).toBe('unusable');
  });

  it('is a state file that is a folder', () => {
    const stateDir = temporaryFolder();
    initialiseNonceState(join(stateDir, STATE_FILE), NONCES_MAX);
    expect(errorCode(() => openState({ stateDir }))).toBe('unusable');
    expect(errorCode(() => openState({ stateDir }))).toBe('unusable');
  });
});
