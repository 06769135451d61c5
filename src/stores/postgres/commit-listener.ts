/**
 * Hears of other processes' commits at once, over a connection of its own. While that is lost
 * nothing is heard, so the listener is called as soon as it is there again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** How often a silent connection is asked whether it is still there. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT_TIMEOUT_MS = 5_000;

/** What pg takes and its types do not know. */
export type TimedQuery = pg.QueryConfig & { readonly query_timeout: number };
const HEARTBEAT: TimedQuery = { text: 'SELECT 1', query_timeout: HEARTBEAT_TIMEOUT_MS };

export const COMMIT_CHANNEL = 'xingyun_registry';

export interface ListenerOptions {
  readonly config: pg.ClientConfig;
  /** What this process says in its own notifications, which it does not want to hear. */
  readonly ownName: string;
  /** Told each time that the connection is lost or cannot be made. */
  readonly onLost: (error: unknown) => void;
  readonly onListening: () => void;
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
        this.options.onLost(error);
        const waitMs = Math.min(RECONNECT_MIN_MS * 2 ** this.failures, RECONNECT_MAX_MS);
        this.failures += 1;
        await wait(waitMs, signal);
      }
    }
  }

  /** One connection, from its beginning to its end. */
  private async hear(): Promise<void> {
    const client = new pg.Client(this.options.config);
    const ending = new AbortController();
    client.on('error', error => ending.abort(error));
    client.on('end', () => ending.abort(new Error('The connection has ended')));
    const isOver = AbortSignal.any([this.stopping.signal, ending.signal]);
    client.on('notification', ({ payload }) => {
      if (payload !== this.options.ownName) this.listener();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${COMMIT_CHANNEL}`);
      this.failures = 0;
      this.options.onListening();
      this.listener();
      for (;;) {
        await wait(HEARTBEAT_MS, isOver);
        if (this.stopping.signal.aborted) return;
        ending.signal.throwIfAborted();
        await client.query(HEARTBEAT);
      }
    } finally {
      // A connection that is lost cannot be ended, and that is no news.
      await client.end().catch(() => undefined);
    }
  }
}

/** Ends early with the signal, and keeps no process alive. */
async function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
}
