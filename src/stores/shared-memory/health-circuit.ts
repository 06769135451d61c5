/**
 * The circuit breaker of one upstream in shared memory.
 *
 * Calls and failures are counted in ten buckets of a tenth of the window each. A bucket whose time
 * has come round is cleared by the thread that exchanges its epoch; a call that another thread
 * counts in that very moment may be lost, which is less than one in a window. The phase changes by
 * compare-and-exchange, so that of all threads one opens it, and one alone counts the opening.
 */
import type { BreakerRecord } from '../../core/upstream-record.ts';
import {
  type CallVerdict,
  CIRCUIT_CLOSED,
  CIRCUIT_PHASES,
  CIRCUIT_TRIAL,
  type Circuit,
  type CircuitChange,
  type CircuitPhase,
} from '../health-contract.ts';
import { CIRCUIT_BYTES } from './health-layout.ts';

const CLOSED = 0;
const OPEN = 1;
const HALF_OPEN = 2;

/** Of the place, in words of 64 bits. */
const OPEN_UNTIL = 1;
const LAST_TRIAL = 2;
/** In words of 32 bits. */
const PHASE = 8;
const TRIALS = 9;
const SUCCESSES = 10;
const EJECTING = 11;
const BUCKETS = 16;

const BUCKET_COUNT = 10;
const BUCKET_WORDS = 3;
/** Of a bucket. */
const EPOCH = 0;
const CALLS = 1;
const FAILURES = 2;

/** What a caller is told to wait while all trials are under way. */
const TRIAL_WAIT_MS = 1_000;
/** Ejecting takes microseconds: who has claimed it for so long died in it. */
const EJECTING_MAX_MS = 1_000;

export class SharedCircuit implements Circuit {
  private readonly times: Float64Array;
  private readonly words: Int32Array;

  constructor(buffer: SharedArrayBuffer, offset: number) {
    this.times = new Float64Array(buffer, offset, CIRCUIT_BYTES / 8);
    this.words = new Int32Array(buffer, offset, CIRCUIT_BYTES / 4);
  }

  get phase(): CircuitPhase {
    return CIRCUIT_PHASES[Atomics.load(this.words, PHASE)]!;
  }

  get openUntilMs(): number {
    return this.times[OPEN_UNTIL]!;
  }

  admit(terms: BreakerRecord, nowMs: number): number {
    const phase = Atomics.load(this.words, PHASE);
    if (phase === CLOSED) return CIRCUIT_CLOSED;
    if (phase === OPEN) {
      const leftMs = this.openUntilMs - nowMs;
      if (leftMs > 0) return leftMs;
      // Before the phase: whoever sees it half open must not take trials of the last time for lost.
      this.times[LAST_TRIAL] = nowMs;
      Atomics.store(this.words, SUCCESSES, 0);
      Atomics.compareExchange(this.words, PHASE, OPEN, HALF_OPEN);
    }
    return this.takeTrial(terms, nowMs);
  }

  report(terms: BreakerRecord, nowMs: number, verdict: CallVerdict): CircuitChange {
    if (verdict === 'none' || Atomics.load(this.words, PHASE) !== CLOSED) return undefined;
    const epoch = Math.floor((nowMs * BUCKET_COUNT) / terms.windowMs);
    const bucket = this.bucketOf(epoch);
    Atomics.add(this.words, bucket + CALLS, 1);
    if (verdict === 'good') return undefined;
    Atomics.add(this.words, bucket + FAILURES, 1);
    return this.hasFailed(terms, epoch) ? this.open(terms, nowMs, CLOSED) : undefined;
  }

  reportTrial(terms: BreakerRecord, nowMs: number, verdict: CallVerdict): CircuitChange {
    this.endTrial();
    if (verdict === 'none' || Atomics.load(this.words, PHASE) !== HALF_OPEN) return undefined;
    if (verdict === 'bad') return this.open(terms, nowMs, HALF_OPEN);
    const successes = Atomics.add(this.words, SUCCESSES, 1) + 1;
    return successes >= terms.trialsMax ? this.close() : undefined;
  }

  holdOpen(untilMs: number): void {
    this.times[OPEN_UNTIL] = untilMs;
    Atomics.store(this.words, PHASE, OPEN);
  }

  forceClosed(): void {
    this.forgetFailures();
    Atomics.store(this.words, PHASE, CLOSED);
  }

  claimEjection(nowMs: number): boolean {
    const { words } = this;
    // 0 is nobody; the clock's low 32 bits do, because differences of them are taken in 32 bits.
    const stamp = Math.trunc(nowMs) | 0 || 1;
    const holder = Atomics.load(words, EJECTING);
    if (holder !== 0 && ((stamp - holder) | 0) < EJECTING_MAX_MS) return false;
    return Atomics.compareExchange(words, EJECTING, holder, stamp) === holder;
  }

  releaseEjection(): void {
    Atomics.store(this.words, EJECTING, 0);
  }

  /** Trials that were lost with their front would keep all others out: after openMs they may. */
  private takeTrial({ trialsMax, openMs }: BreakerRecord, nowMs: number): number {
    const { words, times } = this;
    // Before it counts, for who meets the limit because of it.
    if (Atomics.load(words, TRIALS) < trialsMax) times[LAST_TRIAL] = nowMs;
    const before = Atomics.add(words, TRIALS, 1);
    if (before >= trialsMax) {
      const seen = Atomics.sub(words, TRIALS, 1) - 1;
      const isLost = nowMs - times[LAST_TRIAL]! > openMs;
      if (!isLost || Atomics.compareExchange(words, TRIALS, seen, 1) !== seen) return TRIAL_WAIT_MS;
    }
    times[LAST_TRIAL] = nowMs;
    return CIRCUIT_TRIAL;
  }

  /** Never below 0: the trials that were given up may end all the same. */
  private endTrial(): void {
    const { words } = this;
    for (let count = Atomics.load(words, TRIALS); count > 0; count = Atomics.load(words, TRIALS)) {
      if (Atomics.compareExchange(words, TRIALS, count, count - 1) === count) return;
    }
  }

  private open({ openMs }: BreakerRecord, nowMs: number, from: number): CircuitChange {
    this.times[OPEN_UNTIL] = nowMs + openMs;
    return Atomics.compareExchange(this.words, PHASE, from, OPEN) === from ? 'opened' : undefined;
  }

  /** What made it open must not count again. */
  private close(): CircuitChange {
    this.forgetFailures();
    const before = Atomics.compareExchange(this.words, PHASE, HALF_OPEN, CLOSED);
    return before === HALF_OPEN ? 'closed' : undefined;
  }

  private forgetFailures(): void {
    for (let i = 0; i < BUCKET_COUNT; i++) {
      Atomics.store(this.words, BUCKETS + i * BUCKET_WORDS + EPOCH, 0);
    }
  }

  /** Where the epoch's bucket begins, cleared of what was counted there a window ago. */
  private bucketOf(epoch: number): number {
    const { words } = this;
    const bucket = BUCKETS + (epoch % BUCKET_COUNT) * BUCKET_WORDS;
    const before = Atomics.load(words, bucket + EPOCH);
    if (before === epoch) return bucket;
    if (Atomics.compareExchange(words, bucket + EPOCH, before, epoch) === before) {
      Atomics.store(words, bucket + CALLS, 0);
      Atomics.store(words, bucket + FAILURES, 0);
    }
    return bucket;
  }

  private hasFailed({ requestsMin, failuresMaxPercent }: BreakerRecord, epoch: number): boolean {
    const { words } = this;
    let calls = 0;
    let failures = 0;
    for (let i = 0; i < BUCKET_COUNT; i++) {
      const bucket = BUCKETS + i * BUCKET_WORDS;
      const age = epoch - Atomics.load(words, bucket + EPOCH);
      if (age < 0 || age >= BUCKET_COUNT) continue;
      calls += Atomics.load(words, bucket + CALLS);
      failures += Atomics.load(words, bucket + FAILURES);
    }
    return calls >= requestsMin && failures * 100 >= failuresMaxPercent * calls;
  }
}
