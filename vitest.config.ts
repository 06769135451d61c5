import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/**
 * Where Node keeps what it has compiled, types stripped. The tests start hundreds of processes of
 * the same sources: a gateway takes 0.9 s of CPU time for its start instead of 1.6 s.
 */
process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache');

/**
 * These end their own process, measure what it holds or has open, load a native part anew, which
 * cannot be unloaded, or put a module in place of one that others have loaded.
 */
const ALONE = [
  'test/faults/**/*.test.ts',
  'test/native/**/*.test.ts',
  'test/control-plane/shelf/**/*.test.ts',
  'test/data-plane/upstream/client.test.ts',
  'test/stores/postgres/head-poll.test.ts',
];

/** These load every core and judge what they see: beside other tests that is not the gateway. */
const MEASURED = [
  'test/bench/agree.test.ts',
  'test/bench/compare/compare.test.ts',
  'test/bench/console/console.test.ts',
  'test/bench/console/under-load.test.ts',
  'test/bench/load/main.test.ts',
  'test/bench/max/main.test.ts',
  'test/bench/overload/overload.test.ts',
];

export default defineConfig({
  test: {
    pool: 'forks',
    // One more than the two cores that the tests are made for: a third of their time they wait.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 20_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    projects: [
      {
        extends: true,
        test: { name: 'alone', include: ALONE },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...ALONE, ...MEASURED],
          // A process for many files: its start and the modules are half of what most files take.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'measured',
          include: MEASURED,
          maxWorkers: 1,
          // After all others.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
