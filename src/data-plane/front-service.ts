/** A front in service and out of it: whether it takes connections, how those that it has leave. */
import type { CounterSet } from '../core/counters.ts';
import { EvenRelease } from '../core/even-release.ts';
import type { ExchangeIntake } from '../core/exchange.ts';

interface FrontServiceParts {
  readonly front: {
    listen(calls: ExchangeIntake, handshakes: ExchangeIntake): Promise<boolean>;
    listenAgain(): Promise<boolean>;
    stopListening(): Promise<void>;
  };
  readonly calls: ExchangeIntake;
  readonly handshakes: ExchangeIntake;
  readonly sessions: {
    goAway(deadlineMs: number, overMs: number): void;
    comeBack(): void;
  };
  readonly responder: { leaving: EvenRelease | undefined };
  readonly counters: CounterSet;
  post(message: { kind: 'listens'; number: number; isListening: boolean }): void;
}

interface ListenOrder {
  readonly number: number;
  readonly isListening: boolean;
  readonly leaveOverMs: number;
}

/** Sessions that are asked to move are not cut while the front stays. */
const SESSION_MOVE_MS = 600_000;

export class FrontService {
  private readonly parts: FrontServiceParts;
  private isListening = false;
  /** One order after another. */
  private last: Promise<void> = Promise.resolve();

  constructor(parts: FrontServiceParts) {
    this.parts = parts;
  }

  /** False where the address is taken. */
  async open(): Promise<boolean> {
    const { front, calls, handshakes } = this.parts;
    this.isListening = await front.listen(calls, handshakes);
    return this.isListening;
  }

  /** Out of service and back again; tells main when it is so. Rejects where it cannot be. */
  set(order: ListenOrder): Promise<void> {
    const obeyed = this.last.then(() => this.obey(order));
    this.last = obeyed.catch(() => undefined);
    return obeyed;
  }

  /** No sooner than this front has stopped to listen: connections would come back to it. */
  sendAway(order: { timeoutMs: number; leaveOverMs?: number | undefined }): void {
    const { counters, responder, sessions } = this.parts;
    const { timeoutMs, leaveOverMs = 0 } = order;
    const connections = counters.get('connections_open');
    responder.leaving = new EvenRelease(connections, leaveOverMs, performance.now());
    sessions.goAway(timeoutMs, leaveOverMs);
  }

  private async obey({ number, isListening, leaveOverMs }: ListenOrder): Promise<void> {
    const { front, responder, sessions, post } = this.parts;
    if (isListening && !this.isListening) {
      responder.leaving = undefined;
      sessions.comeBack();
      this.isListening = await front.listenAgain();
    } else if (!isListening && this.isListening) {
      await front.stopListening();
      this.isListening = false;
      this.sendAway({ timeoutMs: SESSION_MOVE_MS, leaveOverMs });
    }
    post({ kind: 'listens', number, isListening: this.isListening });
  }
}
