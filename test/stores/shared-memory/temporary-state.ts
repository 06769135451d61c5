/** State folders of a test, removed with it, and the handles that it opened in them. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import {
  type ClosableNonceStore,
  createSharedNonceStore,
  type NonceState,
  openNonceState,
} from '../../../src/stores/shared-memory/index.ts';
import type { SharedNonceStoreOptions } from '../../../src/stores/shared-memory/nonce-store.ts';
import { SettableClock } from '../settable-clock.ts';

export const CREATED_MAX_AGE_MS = 60_000;
export const CLOCK_SKEW_MS = 5000;
export const NONCES_MAX = 1024;
export const STATE_FILE = 'nonces.bin';

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-nonces-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface StateOptions {
  readonly stateDir?: string;
  readonly noncesMax?: number;
  readonly createdMaxAgeMs?: number;
  readonly clockSkewMs?: number;
  readonly clock?: SettableClock;
  readonly bootId?: string;
}

export function openState(options: StateOptions = {}): NonceState {
  const state = openNonceState({
    stateDir: options.stateDir ?? temporaryFolder(),
    noncesMax: options.noncesMax ?? NONCES_MAX,
    createdMaxAgeMs: options.createdMaxAgeMs ?? CREATED_MAX_AGE_MS,
    clockSkewMs: options.clockSkewMs ?? CLOCK_SKEW_MS,
    clock: options.clock ?? new SettableClock(),
    bootId: options.bootId ?? 'this-boot',
  });
  onTestFinished(() => state.close());
  return state;
}

export function openStore(
  state: NonceState,
  clock: SettableClock,
  options: Partial<SharedNonceStoreOptions> = {},
): ClosableNonceStore {
  const counters = new CounterSet();
  const store = createSharedNonceStore(state.shared, { clock, counters, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** The folder as a process leaves it that is killed now: its file, its marks, nobody's lock. */
export function crashImage(stateDir: string): string {
  const image = join(temporaryFolder(), 'state');
  mkdirSync(image);
  copyFileSync(join(stateDir, STATE_FILE), join(image, STATE_FILE));
  return image;
}
