/** One task at a time, in the order in which they came. */
import { RegistryStoreError } from '../../stores/registry-contract.ts';

const WAITING_MAX = 256;

export class ChangeQueue {
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private isClosed = false;
  private isPaused = false;

  /** @throws RegistryStoreError `unavailable` where too many wait, `closed` after {@link close} */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isClosed) throw new RegistryStoreError('closed', 'The registry is closed.');
    if (this.isPaused) {
      const message = 'Another gateway process is taking over: repeat the change in a moment.';
      throw new RegistryStoreError('unavailable', message);
    }
    if (this.waiting >= WAITING_MAX) {
      const message = `${WAITING_MAX} changes of the registry wait already; try again later.`;
      throw new RegistryStoreError('unavailable', message);
    }
    return this.add(task);
  }

  /** For the one task that must not be turned away; it comes once at most. */
  async runAnyway(task: () => Promise<void>): Promise<void> {
    if (!this.isClosed) await this.add(task);
  }

  /** Turns away what comes until {@link resume}, and waits for all that came before. */
  async pause(): Promise<void> {
    this.isPaused = true;
    await this.last;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** Waits for all that came before. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.last;
  }

  private add<T>(task: () => Promise<T>): Promise<T> {
    this.waiting++;
    const done = this.last.then(task).finally(() => this.waiting--);
    this.last = done.catch(() => {});
    return done;
  }
}
