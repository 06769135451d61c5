/** A lock between threads, held for less than a microsecond; main takes it from who is gone. */

/** Then the holder is asked for by the kernel: it may have lost its core. */
const SPINS = 200;
const WAIT_MS = 0.1;

/** @param holder above 0, another one for each thread */
export function lock(locks: Int32Array, at: number, holder: number): void {
  for (let spin = 0; ; spin++) {
    const other = Atomics.compareExchange(locks, at, 0, holder);
    if (other === 0) return;
    if (spin >= SPINS) Atomics.wait(locks, at, other, WAIT_MS);
  }
}

export function unlock(locks: Int32Array, at: number): void {
  Atomics.store(locks, at, 0);
}

/** Of a thread that is gone. */
export function unlockAll(locks: Int32Array, holder: number): void {
  for (let at = 0; at < locks.length; at++) Atomics.compareExchange(locks, at, holder, 0);
}
