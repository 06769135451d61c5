import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import {
  createSharedNonceStore,
  initialiseNonceState,
  NonceStateError,
  openNonceState,
} from '../../../src/stores/shared-memory/index.ts';
import { temporaryFolder } from './temporary-state.ts';

const NONCES_MAX = 131_072;
const SCRIPT = new URL('claiming-process.ts', import.meta.url).pathname;

describe('a process that is killed', () => {
  it('leaves no accepted nonce unknown to the next, and its lock to nobody', async () => {
    const stateDir = temporaryFolder();
    initialiseNonceState(stateDir, NONCES_MAX);
    const child = spawn(process.execPath, [SCRIPT, stateDir, String(NONCES_MAX)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const window = { createdMaxAgeMs: 60_000, clockSkewMs: 5000 };
    const options = { stateDir, noncesMax: NONCES_MAX, ...window, clock: systemClock };
    const accepted: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      accepted.push(line);
      if (accepted.length === 500) {
        expect(() => openNonceState(options)).toThrow(NonceStateError);
        child.kill('SIGKILL');
      }
    }
    const state = openNonceState({ ...options, lockWaitMs: 10_000 });
    onTestFinished(() => state.close());
    const counters = new CounterSet();
    const store = createSharedNonceStore(state.shared, { clock: systemClock, counters });
    onTestFinished(() => store.close());
    expect(state.startReason).toBe('loaded');
    const expiresAtMs = Date.now() + 3_600_000;
    const answers = accepted.map(nonce => store.claim('app', nonce, expiresAtMs));
    expect(accepted.length).toBeGreaterThanOrEqual(500);
    expect(answers.filter(answer => answer !== 'seen')).toEqual([]);
    expect(store.claim('app', 'never sent', expiresAtMs)).toBe('fresh');
  });
});
