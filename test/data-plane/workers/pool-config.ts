import type { Config } from '../../../src/core/config.ts';

/** The defaults of the configuration, with one worker. */
export const poolConfig = (overrides: Partial<Config['workers']> = {}): Config['workers'] => ({
  count: 1,
  batchMax: 64,
  queueMax: 4_096,
  batchTimeoutMs: 5_000,
  inlineMaxMicros: 10,
  placement: 'auto',
  placements: {},
  ...overrides,
});

/** What a pool may hold open in this process. */
export const openHandles = () =>
  process.getActiveResourcesInfo().filter(type => type === 'MessagePort' || type === 'Worker')
    .length;
