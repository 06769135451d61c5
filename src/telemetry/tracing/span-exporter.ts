import type { CallTrace } from '../../core/call-trace.ts';
import type { CounterSet } from '../../core/counters.ts';
import { callSpans, countSpans, type SpanSource } from './call-spans.ts';
import type { FinishedSpan, SpanSender } from './otlp-sender.ts';

/** A batch leaves when it has so many spans, at the latest after the interval. */
const BATCH_SPANS = 512;
const EXPORT_INTERVAL_MS = 1_000;
/** The sender keeps the limit itself, unless a collector answers without end. */
const SENDER_GRACE_MS = 500;
/** How long stopping waits for what is left. */
const FLUSH_MAX_MS = 3_000;

export interface SpanExporterOptions {
  readonly sender: SpanSender;
  readonly source: SpanSource;
  readonly bufferMaxSpans: number;
  readonly exportTimeoutMs: number;
  readonly counters: CounterSet;
  /** `reason` is a status or an error code, without a word of the collector's. */
  readonly reportFailure: (reason: string, spans: number) => void;
}

/**
 * Keeps sampled calls until a collector takes their spans, one batch at a time. Neither a slow nor
 * an absent collector holds anything back: what does not fit is dropped and counted.
 */
export class SpanExporter {
  private readonly options: SpanExporterOptions;
  private waiting: CallTrace[] = [];
  /** Those of the batch that is being sent included. */
  private spans = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private isClosed = false;

  constructor(options: SpanExporterOptions) {
    this.options = options;
  }

  take(calls: readonly CallTrace[]): void {
    const { bufferMaxSpans } = this.options;
    for (const call of calls) {
      const count = countSpans(call);
      if (this.isClosed || this.spans + count > bufferMaxSpans) this.drop(count);
      else {
        this.waiting.push(call);
        this.hold(count);
      }
    }
    if (this.waiting.length === 0 || this.sending !== undefined) return;
    if (this.spans >= BATCH_SPANS) this.exportNext();
    else this.exportLater();
  }

  /** Sends what waits, for {@link FLUSH_MAX_MS} at most; the rest is dropped and counted. */
  async close(): Promise<void> {
    this.isClosed = true;
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_MAX_MS);
    await Promise.race([this.flush(), tooLate]);
    this.drop(this.waiting.reduce((count, call) => count + countSpans(call), 0));
    this.waiting = [];
    await Promise.race([this.options.sender.close(), tooLate]);
    clearTimeout(timer);
  }

  private async flush(): Promise<void> {
    while (this.sending !== undefined || this.waiting.length > 0) {
      if (this.sending === undefined) this.exportNext();
      await this.sending;
    }
  }

  private exportLater(): void {
    this.timer ??= setTimeout(() => this.exportNext(), EXPORT_INTERVAL_MS).unref();
  }

  private exportNext(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.sending !== undefined || this.waiting.length === 0) return;
    this.sending = this.exportBatch(this.takeBatch()).then(isTaken => {
      this.sending = undefined;
      if (this.waiting.length === 0) return;
      // Behind a failure not at once: the collector may refuse without having waited.
      if (isTaken && this.spans >= BATCH_SPANS) this.exportNext();
      else this.exportLater();
    });
  }

  private takeBatch(): FinishedSpan[] {
    const batch: FinishedSpan[] = [];
    let calls = 0;
    while (calls < this.waiting.length && batch.length < BATCH_SPANS) {
      batch.push(...callSpans(this.waiting[calls]!, this.options.source));
      calls += 1;
    }
    this.waiting = this.waiting.slice(calls);
    return batch;
  }

  /** Never rejects: whether the collector took it. */
  private async exportBatch(batch: readonly FinishedSpan[]): Promise<boolean> {
    const { sender, counters, exportTimeoutMs, reportFailure } = this.options;
    try {
      await withinLimit(exportTimeoutMs + SENDER_GRACE_MS, sender.send(batch));
      counters.add('trace_spans_exported', batch.length);
      return true;
    } catch (error) {
      counters.add('trace_exports_failed');
      this.options.counters.add('trace_spans_dropped', batch.length);
      reportFailure(reasonOf(error), batch.length);
      return false;
    } finally {
      this.hold(-batch.length);
    }
  }

  private drop(spans: number): void {
    this.options.counters.add('trace_spans_dropped', spans);
  }

  private hold(spans: number): void {
    this.spans += spans;
    this.options.counters.set('trace_spans_buffered', this.spans);
  }
}

class ExportTimeout extends Error {
  readonly code = 'timeout';
}

async function withinLimit(ms: number, sent: Promise<void>): Promise<void> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new ExportTimeout()), ms);
  try {
    await Promise.race([sent, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** The message may hold words of the collector, and those what it was sent. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: string };
  return typeof code === 'number' || typeof code === 'string' ? `${code}` : (name ?? 'unknown');
}
