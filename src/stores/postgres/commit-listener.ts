/**
 * Hears of other processes' commits, over a connection of its own. While that is lost nothing is
 * heard, so the listener is called as soon as it is there again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** How often a silent connection is asked whether it is still there. */
const HEARTBEAT_MS = 15_000;

export const COMMIT_CHANNEL = 'xingyun_registry';

export interface ListenerOptions {
  readonly config: pg.ClientConfig;
  /** What this process says in its own notifications, which it does not want to hear. */
  readonly ownName: string;
  /** Told once each time that the connection is lost or cannot be made. */
  readonly onLost: (error: unknown) => void;
}

export class CommitListener {
  private readonly options: ListenerOptions;
  private readonly stopping = new AbortController();
  private listener: () => void = () => undefined;
  private running: Promise<void> | undefined;
  private failures = 0;

  constructor(options: ListenerOptions) {
    this.options = options;
  }

  /** Calls it soon after others have committed, and whenever others may have. */
  listen(listener: () => void): void {
    this.listener = listener;
    this.running ??= this.run();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.hear();
      } catch (error) {
        if (signal.aborted) return;
        if (this.failures === 0) this.options.onLost(error);
        const waitMs = Math.min(RECONNECT_MIN_MS * 2 ** this.failures, RECONNECT_MAX_MS);
        this.failures += 1;
        await this.wait(waitMs);
      }
    }
  }

  /** One connection, from its beginning to its end. */
  private async hear(): Promise<void> {
    const client = new pg.Client(this.options.config);
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => undefined);
    client.on('error', ended.reject);
    client.on('end', () => ended.reject(new Error('The connection has ended')));
    client.on('notification', ({ payload }) => {
      if (payload !== this.options.ownName) this.listener();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${COMMIT_CHANNEL}`);
      this.failures = 0;
      this.listener();
      for (;;) {
        await Promise.race([ended.promise, this.wait(HEARTBEAT_MS)]);
        if (this.stopping.signal.aborted) return;
        await client.query('SELECT 1');
      }
    } finally {
      // A connection that is lost cannot be ended, and that is no news.
      await client.end().catch(() => undefined);
    }
  }

  /** Ends early when the listener is closed, and keeps no process alive. */
  private async wait(delayMs: number): Promise<void> {
    const { signal } = this.stopping;
    await sleep(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
