/** The real front thread, started by FrontThreads in this process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Config } from '../../src/core/config.ts';
import type { RegistrySnapshot } from '../../src/core/snapshot.ts';
import type { LogMessage } from '../../src/data-plane/front-messages.ts';
import { FrontThreads } from '../../src/runtime/front-threads.ts';
import {
  createHealthShared,
  createLimitShared,
  type NonceState,
  openNonceState,
} from '../../src/stores/shared-memory/index.ts';
import { isListening, stablePort } from '../support/processes.ts';

const EMPTY: RegistrySnapshot = {
  version: 1,
  partners: [],
  apps: [],
  keys: [],
  plans: [],
  products: [],
  apis: [],
  subscriptions: [],
  upstreams: [],
  topics: [],
};

let dir: string;
let nonces: NonceState;
let config: Config;
let logged: LogMessage[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-front-'));
  nonces = openNonceState({
    stateDir: dir,
    noncesMax: 1_024,
    createdMaxAgeMs: 60_000,
    clockSkewMs: 0,
    clock: systemClock,
  });
  ({ config } = defaultConfig(dir));
  logged = [];
});
afterEach(() => {
  nonces.close();
  rmSync(dir, { recursive: true });
});

function create(): FrontThreads {
  return new FrontThreads({
    config,
    snapshot: () => EMPTY,
    shared: {
      nonces: nonces.shared,
      health: createHealthShared(2),
      limits: createLimitShared(2, 1_024, 65_536),
    },
    journal: () => ({ journalId: '0123abcd', head: 0 }),
    onTelemetry: () => undefined,
    onWorkers: () => undefined,
    onPool: () => undefined,
    onGone: () => undefined,
    onAccess: () => undefined,
    onReplay: () => undefined,
    idempotencyPort: () => new MessageChannel().port1,
    onCosts: () => undefined,
    onLog: (_, message) => logged.push(message),
    onServed: () => undefined,
  });
}

describe('a front thread', () => {
  it('that cannot listen says so and ends, and the process lives on', async () => {
    config.listener.host = '203.0.113.1';
    const fronts = create();
    const message = '203.0.113.1:8080 cannot be listened on: set listener.port to another.';
    await expect(fronts.start()).rejects.toThrow(message);
    expect(await fronts.drain(0)).toEqual({ cutExchanges: 0, frontsLeft: 0 });
    expect(logged.map(({ message: text }) => text)).toEqual(['A front thread cannot start.']);
  });

  it('that loses its nonce file before it starts says so and ends', async () => {
    config.listener.port = await stablePort();
    rmSync(nonces.shared.path);
    const fronts = create();
    await expect(fronts.start()).rejects.toThrow(/ENOENT.*nonces\.bin/);
    expect(await isListening(config.listener.port)).toBe(false);
  });

  it('asked to drain while it starts does so as soon as it listens', async () => {
    config.listener.port = await stablePort();
    const fronts = create();
    const started = fronts.start();
    expect(await fronts.drain(0)).toEqual({ cutExchanges: 0, frontsLeft: 0 });
    await started;
    expect(await isListening(config.listener.port)).toBe(false);
    expect(logged).toEqual([]);
  });
});
