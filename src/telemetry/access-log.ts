import { type Clock, systemClock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { areRecordsMade } from '../core/config-recent-requests.ts';
import type { CounterSet } from '../core/counters.ts';
import type { Exchange } from '../core/exchange.ts';
import type { AccessRecorder } from '../core/recorder.ts';
import { AccessRecordEncoder, accessRecordBytes } from './access-record.ts';

/** A block is handed over when the next record might not fit, at the latest after the interval. */
const BLOCK_MAX_BYTES = 65_536;
const HAND_OVER_INTERVAL_MS = 100;

export interface AccessLogOptions {
  /** Nothing is recorded where neither the log nor the memory of recent requests takes it. */
  readonly config: Pick<
    Config['telemetry'],
    'accessLog' | 'accessLogBufferMaxBytes' | 'recentRequestsMaxBytes'
  >;
  readonly counters: CounterSet;
  /** `FrontTelemetryShared.accessLogWritten`: how many bytes the writer has dealt with. */
  readonly written: SharedArrayBuffer;
  /** Transfers a block of whole lines to the writer. */
  readonly post: (block: ArrayBuffer) => void;
  readonly clock?: Clock;
}

/**
 * The front's side of the access log. Records are encoded into one buffer and leave in blocks. What
 * is encoded and what the writer has not written yet is at most `accessLogBufferMaxBytes` together:
 * beyond it records are dropped and counted, so that the log never holds an exchange back.
 */
export class AccessLog implements AccessRecorder {
  private readonly enabled: boolean;
  private readonly bufferMaxBytes: number;
  private readonly counters: CounterSet;
  private readonly clock: Clock;
  private readonly post: (block: ArrayBuffer) => void;
  private readonly written: Float64Array;
  private readonly encoder = new AccessRecordEncoder();
  private readonly bytes = new Uint8Array(BLOCK_MAX_BYTES);
  private readonly timer: NodeJS.Timeout;
  private at = 0;
  private posted = 0;

  constructor(options: AccessLogOptions) {
    this.enabled = areRecordsMade(options.config);
    this.bufferMaxBytes = options.config.accessLogBufferMaxBytes;
    this.counters = options.counters;
    this.clock = options.clock ?? systemClock;
    this.post = options.post;
    this.written = new Float64Array(options.written);
    this.timer = setInterval(() => this.flush(), HAND_OVER_INTERVAL_MS);
    this.timer.unref();
  }

  append(exchange: Exchange): void {
    if (!this.enabled) return;
    const needed = accessRecordBytes(exchange);
    if (this.at + needed > BLOCK_MAX_BYTES) this.flush();
    const held = this.posted - this.written[0]! + this.at;
    if (held + needed > this.bufferMaxBytes) {
      this.counters.add('access_log_dropped');
      return;
    }
    this.at = this.encoder.encode(exchange, this.clock.wallMs(), this.bytes, this.at);
  }

  /** Hands over what was appended so far. */
  flush(): void {
    if (this.at === 0) return;
    this.posted += this.at;
    const block = this.bytes.buffer.slice(0, this.at);
    this.at = 0;
    this.post(block);
  }

  /** Hands over the rest and stops the timer. */
  close(): void {
    clearInterval(this.timer);
    this.flush();
  }
}
