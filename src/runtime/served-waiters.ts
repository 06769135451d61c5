/** Callers that wait until every front serves a version of the registry. */
interface Waiter {
  readonly version: number;
  settle(isServed: boolean): void;
}

/** Beyond it a caller is told false at once. */
const WAITERS_MAX = 1_024;

export class ServedWaiters {
  private readonly waiters = new Set<Waiter>();

  /** `servedVersion` is what every front serves now. */
  wait(version: number, servedVersion: number, timeoutMs: number): Promise<boolean> {
    if (servedVersion >= version) return Promise.resolve(true);
    if (this.waiters.size >= WAITERS_MAX) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = {
      version,
      settle: isServed => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
        resolve(isServed);
      },
    };
    const timer = setTimeout(() => waiter.settle(false), timeoutMs);
    this.waiters.add(waiter);
    return promise;
  }

  onServed(version: number): void {
    for (const waiter of [...this.waiters]) if (waiter.version <= version) waiter.settle(true);
  }

  /** A front stays behind this version until the next one is published. */
  onRefused(version: number): void {
    for (const waiter of [...this.waiters]) if (waiter.version <= version) waiter.settle(false);
  }

  /** Nothing is served any more. */
  close(): void {
    for (const waiter of [...this.waiters]) waiter.settle(false);
  }
}
