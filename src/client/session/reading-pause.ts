/**
 * Stops reading a connection while a consumer of events is slow, so that what it does not take
 * stays with the gateway. Never while a call awaits its answer: the consumer may be waiting for
 * just that answer, and would wait for ever.
 */
import type { SessionCounters } from './limits.ts';
import type { SessionSocket } from './socket.ts';

export interface SlowReader {
  /** The pause took too long: it has to do without what comes. */
  park(): void;
}

export class ReadingPause {
  socket: SessionSocket | undefined;
  isPaused = false;
  private readonly pauseMaxMs: number;
  private readonly counters: SessionCounters;
  private readonly readers = new Set<SlowReader>();
  private isAwaiting = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pauseMaxMs: number, counters: SessionCounters) {
    this.pauseMaxMs = pauseMaxMs;
    this.counters = counters;
  }

  /** Always true. */
  hold(reader: SlowReader): true {
    this.readers.add(reader);
    this.update();
    return true;
  }

  release(reader: SlowReader): void {
    if (this.readers.delete(reader)) this.update();
  }

  /** @param isAwaiting whether an answer is awaited */
  setAwaiting(isAwaiting: boolean): void {
    if (this.isAwaiting === isAwaiting) return;
    this.isAwaiting = isAwaiting;
    this.update();
  }

  end(): void {
    clearTimeout(this.timer);
    this.readers.clear();
  }

  private update(): void {
    const isPaused = this.readers.size > 0 && !this.isAwaiting;
    if (isPaused === this.isPaused || this.socket === undefined) return;
    this.isPaused = isPaused;
    clearTimeout(this.timer);
    if (isPaused) {
      this.counters.pauses++;
      this.socket.pause?.();
      this.timer = setTimeout(this.onTooLong, this.pauseMaxMs);
    } else {
      this.socket.resume?.();
    }
  }

  private readonly onTooLong = (): void => {
    for (const reader of [...this.readers]) reader.park();
  };
}
