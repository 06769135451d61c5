/** Sends notifications one after another, in order, and gives up within bounds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';
import type { AlertWebhookConfig } from '../../core/config-alerts.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { ProcessLog } from '../../telemetry/process-log.ts';
import { signedFields } from './notification.ts';

const RETRY_DELAY_MAX_MS = 60_000;
/** Answers below 500 that a repetition may change (RFC 9110, RFC 8470, RFC 6585). */
const WORTH_REPEATING = [408, 425, 429];

export interface Notification {
  /** Unique. */
  readonly id: string;
  /** For the log. */
  readonly alert: string;
  readonly body: string;
}

export interface WebhookOptions {
  readonly config: AlertWebhookConfig;
  readonly key: Buffer;
  readonly clock: Clock;
  readonly counters: CounterSet;
  readonly log: Pick<ProcessLog, 'warn' | 'error'>;
}

type Outcome =
  | { readonly kind: 'taken' }
  /** `isFinal`: a repetition would change nothing. */
  | { readonly kind: 'failed'; readonly reason: string; readonly isFinal: boolean };

export class Webhook {
  private readonly options: WebhookOptions;
  private readonly waiting: Notification[] = [];
  private readonly closed = new AbortController();
  private sending: Promise<void> | undefined;

  constructor(options: WebhookOptions) {
    this.options = options;
  }

  /** Never throws, never waits. Where the queue is full the oldest leaves: what is new counts. */
  send(notification: Notification): void {
    if (this.closed.signal.aborted) return;
    const { queueMax } = this.options.config;
    if (this.waiting.length >= queueMax) {
      this.drop(this.waiting.shift()!, 'The queue is full.');
    }
    this.waiting.push(notification);
    this.sending ??= this.sendAll();
  }

  /** Breaks off what is under way; what has not been sent is dropped and counted. */
  async close(): Promise<void> {
    this.closed.abort();
    await this.sending;
    for (const left of this.waiting.splice(0)) this.drop(left, 'The gateway stops.');
  }

  private async sendAll(): Promise<void> {
    while (!this.closed.signal.aborted) {
      const next = this.waiting.shift();
      if (next === undefined) break;
      await this.sendOne(next);
    }
    this.sending = undefined;
  }

  private async sendOne(notification: Notification): Promise<void> {
    const { attemptsMax, retryDelayMs } = this.options.config;
    const { counters, log } = this.options;
    let pauseMs = retryDelayMs;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(notification);
      if (outcome.kind === 'taken') {
        counters.add('alert_notifications_sent');
        return;
      }
      const { reason, isFinal } = outcome;
      if (isFinal || attempt >= attemptsMax) return this.drop(notification, reason);
      const fields = { alert: notification.alert, attempt, reason };
      log.warn(fields, 'An alert could not be sent to the webhook yet.');
      if (!(await this.pause(pauseMs))) return this.drop(notification, 'The gateway stops.');
      pauseMs = Math.min(pauseMs * 2, RETRY_DELAY_MAX_MS);
      counters.add('alert_notifications_retried');
    }
  }

  /** The reasons name no part of the URL: what is in its path may be a secret. */
  private async attempt({ id, body }: Notification): Promise<Outcome> {
    const { config, key, clock } = this.options;
    const timeout = AbortSignal.timeout(config.timeoutMs);
    try {
      const response = await fetch(config.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...signedFields(key, id, body, clock.wallMs()),
        },
        body,
        // Where it leads nobody has agreed to, and the body would go there.
        redirect: 'manual',
        signal: AbortSignal.any([timeout, this.closed.signal]),
      });
      // Nobody reads it; cancelled it does not hold the connection.
      await response.body?.cancel();
      return outcomeOf(response.status);
    } catch (error) {
      const isFinal = this.closed.signal.aborted;
      return { kind: 'failed', isFinal, reason: isFinal ? 'The gateway stops.' : reasonOf(error) };
    }
  }

  /** Whether it ended by itself. */
  private pause(pauseMs: number): Promise<boolean> {
    return delay(pauseMs, true, { signal: this.closed.signal }).catch(() => false);
  }

  private drop({ id, alert }: Notification, reason: string): void {
    this.options.counters.add('alert_notifications_dropped');
    this.options.log.error({ alert, id, reason }, 'An alert was not sent to the webhook.');
  }
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const isFinal = status < 500 && !WORTH_REPEATING.includes(status);
  return { kind: 'failed', isFinal, reason: `It was answered with status ${status}.` };
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error;
  if (name === 'TimeoutError') return 'It was not answered within timeoutMs.';
  const { code = name } = (cause ?? {}) as NodeJS.ErrnoException;
  return `It cannot be reached (${code}).`;
}
