import { expect } from 'vitest';

/** Asks again until the expectation holds, for so long that a busy machine fails no test. */
export function eventually<T>(ask: () => T) {
  return expect.poll(ask, { timeout: 30_000, interval: 20 });
}
