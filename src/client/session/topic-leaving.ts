/**
 * Tells the gateway that topics are left, and again where it refuses for the moment. What still
 * comes of them meanwhile is dropped.
 */
import { ProblemError } from '../problem-error.ts';
import { pauseMs } from '../retry.ts';
import { isTransient } from './answer.ts';
import type { ReconnectOptions } from './limits.ts';
import { SessionError } from './session-error.ts';
import type { AskOutcome } from './subscription.ts';

export interface LeavingOptions {
  readonly reconnect: ReconnectOptions;
  readonly random: () => number;
  /** What is returned takes the question back; nothing is told then. */
  readonly ask: (topic: string, outcome: AskOutcome) => () => void;
}

export class TopicLeaving {
  private readonly options: LeavingOptions;
  /** By topic, what stops it. */
  private readonly stops = new Map<string, () => void>();

  constructor(options: LeavingOptions) {
    this.options = options;
  }

  leave(topic: string): void {
    this.stop(topic);
    this.ask(topic, 1);
  }

  /** The topic is wanted again: at the gateway a subscription takes the place of the one before. */
  stop(topic: string): void {
    this.stops.get(topic)?.();
    this.stops.delete(topic);
  }

  /** The connection that knew the topics is gone, or serves no more. */
  stopAll(): void {
    for (const topic of [...this.stops.keys()]) this.stop(topic);
  }

  private ask(topic: string, attempt: number): void {
    let isOver = false;
    const over = () => {
      isOver = true;
      this.stops.delete(topic);
    };
    const withdraw = this.options.ask(topic, {
      told: over,
      failed: error => {
        over();
        this.repeat(topic, attempt, error);
      },
    });
    // A session that is over has told it already.
    if (!isOver) this.stops.set(topic, withdraw);
  }

  private repeat(topic: string, attempt: number, error: unknown): void {
    const isLate = error instanceof SessionError && error.code === 'deadline-exceeded';
    if (!isLate && !isTransient(error)) return;
    const { reconnect, random } = this.options;
    const askedSeconds = error instanceof ProblemError ? error.retryAfterSeconds : undefined;
    const waitMs = pauseMs(reconnect, attempt, askedSeconds, random);
    if (waitMs === undefined) return;
    const timer = setTimeout(() => this.ask(topic, attempt + 1), waitMs);
    this.stops.set(topic, () => clearTimeout(timer));
  }
}
