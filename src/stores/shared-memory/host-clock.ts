/** A monotonic clock that all threads of the host read alike, in milliseconds. */

/**
 * Each thread's performance.now() begins with the thread; process.hrtime is the same for all. Read
 * once, because a bigint costs more than all that is decided by it.
 */
export function createHostClock(): () => number {
  const startMs = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now();
  return () => startMs + performance.now();
}
