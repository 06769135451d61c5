/**
 * Events on their way from the bank to the gateway. What was taken in leaves in order and is sent
 * again for as long as the gateway cannot be reached; publishing twice is harmless, because the
 * gateway knows an id again.
 */

export interface BankEvent {
  readonly topic: string;
  /** Whose it is; undefined where the topic is everyone's. */
  readonly partner: string | undefined;
  /** Unique within its topic. */
  readonly id: string;
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly data: object;
}

/** `refused`: sending the same again cannot help. */
export type SendOutcome = 'taken' | 'refused' | 'unavailable';

export interface EventOutboxOptions {
  /** Never rejects. */
  readonly send: (events: readonly BankEvent[]) => Promise<SendOutcome>;
  /** Resolves after so many ms, or when the bank closes. */
  readonly pause: (ms: number) => Promise<void>;
  readonly report: (event: BankEvent, reason: 'full' | 'refused') => void;
  readonly eventsMax?: number;
}

const EVENTS_MAX = 10_000;
const BATCH_MAX = 100;
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 5_000;

export class EventOutbox {
  /** Events that were not taken in because too many wait. */
  dropped = 0;
  /** Events that the gateway will never take. */
  refused = 0;
  private readonly options: EventOutboxOptions;
  private readonly eventsMax: number;
  private queue: BankEvent[] = [];
  private isSending = false;
  private closed = false;
  /** So many from the front go alone: one of them spoilt the batch for all. */
  private alone = 0;

  constructor(options: EventOutboxOptions) {
    this.options = options;
    this.eventsMax = options.eventsMax ?? EVENTS_MAX;
  }

  /** Events that wait, those on their way included. */
  get length(): number {
    return this.queue.length;
  }

  /** False where too many wait: what waits was promised before. */
  add(event: BankEvent): boolean {
    if (this.queue.length >= this.eventsMax) {
      this.dropped += 1;
      this.options.report(event, 'full');
      return false;
    }
    this.queue.push(event);
    if (!this.isSending) {
      this.isSending = true;
      // After the caller's other events, which then go together.
      queueMicrotask(() => void this.sendAll());
    }
    return true;
  }

  /** What waits is forgotten with the bank's books. */
  close(): void {
    this.closed = true;
  }

  private async sendAll(): Promise<void> {
    let pauseMs = PAUSE_MS;
    while (this.queue.length > 0 && !this.closed) {
      const batch = this.queue.slice(0, this.alone > 0 ? 1 : BATCH_MAX);
      const outcome = await this.options.send(batch);
      if (outcome === 'unavailable') {
        await this.options.pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
        continue;
      }
      pauseMs = PAUSE_MS;
      if (outcome === 'refused' && batch.length > 1) {
        this.alone = batch.length;
        continue;
      }
      if (outcome === 'refused') this.giveUp(batch[0]!);
      this.queue = this.queue.slice(batch.length);
      this.alone = Math.max(0, this.alone - batch.length);
    }
    this.isSending = false;
  }

  private giveUp(event: BankEvent): void {
    this.refused += 1;
    this.options.report(event, 'refused');
  }
}
