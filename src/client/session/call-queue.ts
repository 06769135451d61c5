/** Calls that wait for a place on the connection, in order, a session's own ones first. */
import type { SessionCounters, SessionLimits } from './limits.ts';
import type { PendingCall } from './pending-call.ts';
import { SessionError } from './session-error.ts';

/** What goes out as one frame: a call, or the calls of a batch. */
export type Sending = readonly PendingCall[];

export class CallQueue {
  private readonly limits: SessionLimits;
  private readonly counters: SessionCounters;
  private readonly first = new Set<Sending>();
  private readonly others = new Set<Sending>();
  private othersCount = 0;

  constructor(limits: SessionLimits, counters: SessionCounters) {
    this.limits = limits;
    this.counters = counters;
  }

  /** Fails the calls with `too-many-waiting` where there is no room for them. */
  add(sending: Sending): void {
    if (this.othersCount + sending.length > this.limits.callsWaitingMax) {
      this.counters.callsNotQueued += sending.length;
      const detail = `${this.othersCount} calls wait already.`;
      for (const call of sending) call.fail(new SessionError('too-many-waiting', detail));
      return;
    }
    this.others.add(sending);
    this.othersCount += sending.length;
    this.watch(sending);
  }

  /** Subscriptions, and calls that had a place before: as many as there are places. */
  addFirst(sending: Sending): void {
    this.first.add(sending);
    this.watch(sending);
  }

  /** The next that fits into so many places; takes it out. */
  take(places: number): Sending | undefined {
    for (const lane of [this.first, this.others]) {
      const [next] = lane;
      if (next === undefined) continue;
      if (next.length > places) return undefined;
      this.drop(next);
      for (const call of next) call.onSettled = undefined;
      return next;
    }
    return undefined;
  }

  /** Fails everything that waits. */
  failAll(error: Error): void {
    for (const sending of [...this.first, ...this.others]) {
      for (const call of sending) call.fail(error);
    }
  }

  /** A call that is settled while it waits gives its place up. */
  private watch(sending: Sending): void {
    for (const call of sending) {
      call.onSettled = () => {
        if (sending.every(({ isSettled }) => isSettled)) this.drop(sending);
      };
    }
  }

  private drop(sending: Sending): void {
    this.first.delete(sending);
    if (this.others.delete(sending)) this.othersCount -= sending.length;
  }
}
