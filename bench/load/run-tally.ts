/** What one generator counts in the measured time: nothing of what was due in the warm-up. */
import type { CloseCause, Loss } from './load-connection.ts';
import { type LoadSamples, SampleRecorder } from './samples.ts';

/** The counts that cross from a generator's process to the benchmark's. */
export interface TallyCounts {
  /** Due in the measured time. */
  readonly requests: number;
  /** Of those, answered without error. */
  readonly answered: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly missedSends: number;
  readonly noIdleConnection: number;
  /** From the last of the first openings to the end of the drain; only kinds that there were. */
  readonly connectionsLost: Readonly<Partial<Record<Loss, number>>>;
  readonly samples: LoadSamples;
  /** How late each arrival was noticed, and sent where a connection was idle. */
  readonly lagMicros: Uint32Array;
  /** By second of the measured time. Answers and errors by when they came, whenever due. */
  readonly due: readonly number[];
  readonly answers: readonly number[];
  /** Connections lost are failures too. */
  readonly failures: readonly number[];
  /** The fewest that were open in each second, looked at every millisecond and at each loss. */
  readonly openConnections: readonly number[];
}

export class RunTally {
  requests = 0;
  answered = 0;
  missedSends = 0;
  noIdleConnection = 0;
  /** Of the measured time, on the monotonic clock; nothing is measured before it is known. */
  startMs = Number.POSITIVE_INFINITY;
  readonly due: number[];
  readonly answers: number[];
  readonly failures: number[];
  readonly openConnections: number[];
  private readonly errors = new Map<string, number>();
  private readonly lost = new Map<Loss, number>();
  private readonly recorder: SampleRecorder;
  private readonly lags: Uint32Array;
  private lagCount = 0;

  /** `requestsMax`: how many are due in the measured time. */
  constructor(requestsMax: number, durationMs: number, connections: number) {
    const seconds = Math.ceil(durationMs / 1_000);
    this.due = new Array(seconds).fill(0);
    this.answers = new Array(seconds).fill(0);
    this.failures = new Array(seconds).fill(0);
    this.openConnections = new Array(seconds).fill(connections);
    this.recorder = new SampleRecorder(requestsMax);
    this.lags = new Uint32Array(requestsMax);
  }

  isMeasured(dueMs: number): boolean {
    return dueMs >= this.startMs;
  }

  onDue(dueMs: number): void {
    this.requests += 1;
    this.due[this.second(dueMs)]! += 1;
  }

  onLag(lagMs: number): void {
    this.lags[this.lagCount] = lagMs * 1_000;
    this.lagCount += 1;
  }

  onAnswer(dueMs: number, sentMs: number, nowMs: number): void {
    this.countIn(this.answers, nowMs);
    if (!this.isMeasured(dueMs)) return;
    this.answered += 1;
    this.recorder.add(dueMs - this.startMs, nowMs - dueMs, nowMs - sentMs);
  }

  /** An answer that says no, or none at all. Its latency would flatter: a refusal is fast. */
  onError(kind: string, dueMs: number, nowMs: number): void {
    this.countIn(this.failures, nowMs);
    if (this.isMeasured(dueMs)) this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
  }

  /** Nobody waits longer for it. It has waited until now at least, and that is kept. */
  onGivenUp(kind: string, dueMs: number, sentMs: number, nowMs: number): void {
    this.onError(kind, dueMs, nowMs);
    if (!this.isMeasured(dueMs)) return;
    this.recorder.add(dueMs - this.startMs, nowMs - dueMs, nowMs - sentMs);
  }

  onMissed(dueMs: number, nowMs: number): void {
    if (!this.isMeasured(dueMs)) return;
    this.missedSends += 1;
    this.recorder.addNeverSent(dueMs - this.startMs, nowMs - dueMs);
  }

  onOpenCount(open: number, nowMs: number): void {
    const second = this.second(nowMs);
    const { openConnections } = this;
    if (second < 0 || second >= openConnections.length) return;
    openConnections[second] = Math.min(openConnections[second]!, open);
  }

  /** What went with a request is its error already. */
  onClosed(cause: CloseCause, open: number, nowMs: number): void {
    this.onOpenCount(open, nowMs);
    if (cause === 'request-failed') return;
    const loss = cause === 'open-failed' ? 'reopen-failed' : cause;
    this.lost.set(loss, (this.lost.get(loss) ?? 0) + 1);
    this.countIn(this.failures, nowMs);
  }

  counts(): TallyCounts {
    return {
      requests: this.requests,
      answered: this.answered,
      errors: Object.fromEntries(this.errors),
      missedSends: this.missedSends,
      noIdleConnection: this.noIdleConnection,
      connectionsLost: Object.fromEntries(this.lost),
      samples: this.recorder.samples(),
      lagMicros: this.lags.subarray(0, this.lagCount),
      due: this.due,
      answers: this.answers,
      failures: this.failures,
      openConnections: this.openConnections,
    };
  }

  private second(atMs: number): number {
    return Math.floor((atMs - this.startMs) / 1_000);
  }

  /** What comes before or after the measured time is in no second of it. */
  private countIn(seconds: number[], nowMs: number): void {
    const second = this.second(nowMs);
    if (second >= 0 && second < seconds.length) seconds[second]! += 1;
  }
}
