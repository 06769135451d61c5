/**
 * The open loop: requests are due when the arrival process says so, whatever the server does. Each
 * goes out on an idle connection drawn at random; where none is idle it waits for one, and its
 * latency has begun all the same.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type ArrivalOptions, Arrivals } from './arrivals.ts';
import type { Dialogue } from './dialogue.ts';
import { DueQueue } from './due-queue.ts';
import { IdleConnections } from './idle-connections.ts';
import {
  BUSY,
  CLOSED,
  type CloseCause,
  type ConnectionOwner,
  type ConnectionTarget,
  IDLE,
  LoadConnection,
  OPENING,
} from './load-connection.ts';
import { Random } from './random.ts';
import { RunTally, type TallyCounts } from './run-tally.ts';

export interface OpenLoopOptions extends ConnectionTarget {
  readonly connections: number;
  /** Of the whole run, warm-up included. */
  readonly arrivals: ArrivalOptions;
  /** Requests due in it are sent and not measured. */
  readonly warmUpMs: number;
  /** What one connection speaks; requests are taken from what all of them share. */
  readonly createDialogue: () => Dialogue;
  /** How many of the arrivals are measured at most. */
  readonly measuredMax: number;
  /** Where connection n comes from; the kernel's choice where absent. */
  readonly localAddress?: ((connection: number) => string | undefined) | undefined;
  /** An answer that takes longer is an error of kind `timeout`; an opening has failed by then. */
  readonly requestTimeoutMs?: number;
  /** How long after the end answers are waited for. */
  readonly drainMs?: number;
}

/** Connections that are being opened at a time: the listen backlog is 512. */
const OPENING_MAX = 250;
const REQUEST_TIMEOUT_MS = 10_000;
export const DRAIN_MS = 5_000;
/** Between two looks at what is due, besides the one on every answer. */
const TICK_MS = 1;
/** Between two looks at time-outs and lost connections. */
const SWEEP_MS = 100;
/** Draws of idle connections must not disturb the arrivals of the same seed. */
const DRAW_STREAM = 0x10000;

export class OpenLoop implements ConnectionOwner {
  private readonly options: OpenLoopOptions;
  private readonly connections: LoadConnection[];
  private readonly idle: IdleConnections;
  private readonly arrivals: Arrivals;
  private readonly waiting = new DueQueue();
  private readonly tally: RunTally;
  private startMs = Number.POSITIVE_INFINITY;
  private openCount = 0;
  private openingCount = 0;
  private busyCount = 0;
  private allOpened = false;
  private running = false;
  private closing = false;
  private opened = Promise.withResolvers<void>();
  private finished = Promise.withResolvers<void>();

  constructor(options: OpenLoopOptions) {
    this.options = options;
    const { arrivals, localAddress, createDialogue } = options;
    this.arrivals = new Arrivals(arrivals);
    this.idle = new IdleConnections(new Random(arrivals.seed, DRAW_STREAM + arrivals.stream));
    const measuredMs = arrivals.durationMs - options.warmUpMs;
    this.tally = new RunTally(options.measuredMax, measuredMs, options.connections);
    this.connections = Array.from(
      { length: options.connections },
      (_, i) => new LoadConnection(this, options, createDialogue(), localAddress?.(i)),
    );
  }

  /** Opens all connections; rejects where one cannot be opened. */
  async open(onProgress: (opened: number) => void = () => undefined): Promise<void> {
    const timer = setInterval(() => onProgress(this.openCount), SWEEP_MS);
    this.openMissing();
    try {
      await this.opened.promise;
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * Runs from `startMs` on the monotonic clock to the end of the arrivals and of the drain.
   * Requests still unanswered then are errors, those not even sent are missed.
   */
  async run(startMs: number): Promise<TallyCounts> {
    this.startMs = startMs;
    this.tally.startMs = startMs + this.options.warmUpMs;
    this.running = true;
    const tick = setInterval(() => this.tick(performance.now()), TICK_MS);
    const sweep = setInterval(() => this.sweep(), SWEEP_MS);
    await untilMs(this.endMs);
    // What was due in the last millisecond is due, whether or not the timer came in time.
    this.tick(performance.now());
    this.running = false;
    clearInterval(tick);
    this.missWaiting();
    await this.drain();
    clearInterval(sweep);
    return this.tally.counts();
  }

  /** The monotonic time at which the last request may be due. */
  get endMs(): number {
    return this.startMs + this.options.arrivals.durationMs;
  }

  /** Counts so far, for progress. */
  get progress(): { due: number; answered: number; waiting: number; open: number } {
    const { requests, answered } = this.tally;
    return { due: requests, answered, waiting: this.waiting.length, open: this.openCount };
  }

  close(): void {
    this.closing = true;
    for (const connection of this.connections) connection.close();
  }

  onOpen(connection: LoadConnection): void {
    this.openingCount -= 1;
    this.openCount += 1;
    this.becomeIdle(connection);
    if (this.allOpened || this.closing) return;
    this.allOpened = this.openCount === this.connections.length;
    if (this.allOpened) this.opened.resolve();
    else this.openMissing();
  }

  onAnswer(connection: LoadConnection): void {
    const nowMs = performance.now();
    const { dueMs, sentMs, dialogue } = connection;
    this.busyCount -= 1;
    const fault = dialogue.fault();
    if (fault === undefined) this.tally.onAnswer(dueMs, sentMs, nowMs);
    else this.tally.onError(fault, dueMs, nowMs);
    if (connection.state === IDLE) this.becomeIdle(connection);
    if (this.running) this.sendDue(nowMs);
    this.finishWhenQuiet();
  }

  onFailure(connection: LoadConnection, kind: string): void {
    const { dueMs, sentMs } = connection;
    this.busyCount -= 1;
    const nowMs = performance.now();
    if (kind === 'timeout') this.tally.onGivenUp(kind, dueMs, sentMs, nowMs);
    else this.tally.onError(kind, dueMs, nowMs);
    this.finishWhenQuiet();
  }

  onClosed(connection: LoadConnection, cause: CloseCause): void {
    this.idle.remove(connection);
    if (cause === 'open-failed') this.openingCount -= 1;
    else this.openCount -= 1;
    if (this.closing) return;
    if (this.allOpened) {
      this.tally.onClosed(cause, this.openCount, performance.now());
      // As it was told to: a partner's client opens another at once.
      if (cause === 'close-after-answer' && this.running) this.openOne(connection);
      return;
    }
    const reason = connection.lastError || 'the server closed it';
    const number = this.openCount + 1;
    this.opened.reject(new Error(`connection ${number} failed before the run: ${reason}`));
  }

  private tick(nowMs: number): void {
    this.tally.onOpenCount(this.openCount, nowMs);
    this.sendDue(nowMs);
  }

  private becomeIdle(connection: LoadConnection): void {
    const dueMs = this.running ? this.waiting.shift() : Number.NaN;
    if (Number.isNaN(dueMs)) this.idle.add(connection);
    else this.send(connection, dueMs);
  }

  private send(connection: LoadConnection, dueMs: number): void {
    this.busyCount += 1;
    connection.send(dueMs);
  }

  /**
   * Sends everything that is due by now. How late that is, is lag for each of them: where no
   * connection is idle too, a generator that looks late is late.
   */
  private sendDue(nowMs: number): void {
    const { arrivals, startMs, tally } = this;
    while (startMs + arrivals.nextMs <= nowMs) {
      const dueMs = startMs + arrivals.nextMs;
      arrivals.advance();
      const measured = tally.isMeasured(dueMs);
      if (measured) tally.onDue(dueMs);
      const connection = this.idle.draw();
      if (connection === undefined) {
        if (measured) tally.onLag(performance.now() - dueMs);
        this.wait(dueMs, measured, nowMs);
        continue;
      }
      this.send(connection, dueMs);
      if (measured) tally.onLag(connection.sentMs - dueMs);
    }
  }

  private wait(dueMs: number, measured: boolean, nowMs: number): void {
    if (this.openCount + this.openingCount === 0) {
      this.tally.onError('connect', dueMs, nowMs);
      return;
    }
    if (measured) this.tally.noIdleConnection += 1;
    this.waiting.push(dueMs);
  }

  private missWaiting(): void {
    const nowMs = performance.now();
    while (this.waiting.length > 0) this.tally.onMissed(this.waiting.shift(), nowMs);
  }

  private async drain(): Promise<void> {
    const { drainMs = DRAIN_MS } = this.options;
    const timer = setTimeout(() => this.finished.resolve(), drainMs);
    this.finishWhenQuiet();
    await this.finished.promise;
    clearTimeout(timer);
    const nowMs = performance.now();
    for (const { state, dueMs, sentMs } of this.connections) {
      if (state === BUSY) this.tally.onGivenUp('unanswered', dueMs, sentMs, nowMs);
    }
  }

  private finishWhenQuiet(): void {
    if (!this.running && this.busyCount === 0) this.finished.resolve();
  }

  private sweep(): void {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.options;
    const oldestMs = performance.now() - requestTimeoutMs;
    for (const connection of this.connections) {
      if (connection.sentMs >= oldestMs) continue;
      if (connection.state === BUSY) connection.fail('timeout');
      else if (connection.state === OPENING) connection.close();
    }
    if (this.running && this.openCount + this.openingCount < this.connections.length) {
      this.openMissing();
    }
  }

  private openMissing(): void {
    for (const connection of this.connections) {
      if (this.openingCount >= OPENING_MAX) return;
      if (connection.state === CLOSED) this.openOne(connection);
    }
  }

  private openOne(connection: LoadConnection): void {
    this.openingCount += 1;
    connection.open();
  }
}

/** A timer may fire a part of a millisecond early. */
async function untilMs(atMs: number): Promise<void> {
  for (;;) {
    const leftMs = atMs - performance.now();
    if (leftMs <= 0) return;
    await pause(leftMs);
  }
}
