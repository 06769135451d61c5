import { close, constants, open, write } from 'node:fs';
import { promisify } from 'node:util';
import type { CounterSet } from '../core/counters.ts';

const STDOUT = 1;
const LINE_FEED = 0x0a;
const FILE_MODE = 0o640;
/** After a write that failed, and after one that found a slow reader's pipe full. */
const RETRY_MS = 1000;
const PIPE_FULL_RETRY_MS = 50;
const CLOSE_TIMEOUT_MS = 2000;

/** Errors after which no later write can succeed: nobody reads, or there is nothing to write to. */
const FATAL_CODES = new Set(['EPIPE', 'EBADF', 'EINVAL']);

export interface AccessLogWriterOptions {
  /** `accessLogFile`; standard output where undefined. */
  readonly file: string | undefined;
  readonly counters: CounterSet;
  /** Called once when writing starts to fail and once when it works again. */
  readonly report: (message: string, code: string | undefined) => void;
  readonly retryMs?: number;
}

interface PendingBlock {
  readonly bytes: Uint8Array;
  /** The front's account, `FrontTelemetryShared.accessLogWritten`. */
  readonly written: Float64Array;
}

/**
 * The main thread's side of the access log: one write at a time, accounted to the front when the
 * block's last byte is written. A full disk keeps the blocks and is tried again, so that the
 * fronts' buffers fill and they drop; a reader that is gone ends the log. Neither ends or blocks
 * the process.
 *
 * Written on node:fs rather than pino.destination: with sonic-boom 4.2.1 a full disk at exit keeps
 * the process in a loop without end (its flushSync retries every error but EAGAIN for ever; seen
 * with /dev/full), and it does not tell which of its callers' blocks are written.
 */
export class AccessLogWriter {
  private readonly options: AccessLogWriterOptions;
  private readonly fd: number;
  /** Bounded by accessLogBufferMaxBytes of each front: beyond it a front posts nothing. */
  private readonly pending: PendingBlock[] = [];
  private written = 0;
  private writing = false;
  private failing = false;
  private broken = false;
  private closing = false;
  private retryTimer: NodeJS.Timeout | undefined;
  private whenIdle: (() => void) | undefined;

  private constructor(options: AccessLogWriterOptions, fd: number) {
    this.options = options;
    this.fd = fd;
  }

  /** Opens the file for appending; rejects with the file system's error. */
  static async open(options: AccessLogWriterOptions): Promise<AccessLogWriter> {
    if (options.file === undefined) return new AccessLogWriter(options, STDOUT);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
    return new AccessLogWriter(options, await promisify(open)(options.file, flags, FILE_MODE));
  }

  /** Takes over a block of whole lines; `account` is the `accessLogWritten` of its front. */
  write(block: ArrayBuffer, account: SharedArrayBuffer): void {
    const pending = { bytes: new Uint8Array(block), written: new Float64Array(account) };
    if (this.broken) {
      this.drop(pending, 0);
      return;
    }
    this.pending.push(pending);
    if (!this.writing && this.retryTimer === undefined) this.writeNext();
  }

  /** Waits at most two seconds for what is pending, drops and counts the rest, closes the file. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.pending.length > 0) {
      clearTimeout(this.retryTimer);
      this.retryTimer = undefined;
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
        this.whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
        if (!this.writing) this.writeNext();
      });
    }
    this.giveUp();
    if (this.fd !== STDOUT) await promisify(close)(this.fd);
  }

  private writeNext(): void {
    const head = this.pending[0];
    if (head === undefined) {
      this.whenIdle?.();
      return;
    }
    this.writing = true;
    write(this.fd, head.bytes, this.written, (error, count) => {
      this.writing = false;
      if (this.broken) return;
      if (error === null) this.advance(head, count);
      else this.fail(error);
    });
  }

  private advance(head: PendingBlock, count: number): void {
    if (this.failing) {
      this.failing = false;
      this.options.report('The access log is written again.', undefined);
    }
    this.written += count;
    if (this.written === head.bytes.length) {
      this.written = 0;
      this.pending.shift();
      head.written[0]! += head.bytes.length;
    }
    this.writeNext();
  }

  private fail(error: NodeJS.ErrnoException): void {
    if (error.code === 'EAGAIN') {
      this.retryIn(PIPE_FULL_RETRY_MS);
      return;
    }
    this.options.counters.add('access_log_write_failed');
    const fatal = FATAL_CODES.has(error.code ?? '');
    if (!this.failing) {
      this.failing = true;
      const outlook = fatal ? 'no more records are written' : 'it is tried again';
      this.options.report(`The access log cannot be written; ${outlook}.`, error.code);
    }
    if (fatal || this.closing) this.giveUp();
    else this.retryIn(this.options.retryMs ?? RETRY_MS);
  }

  private retryIn(delayMs: number): void {
    this.retryTimer = setTimeout(() => {
      this.retryTimer = undefined;
      this.writeNext();
    }, delayMs);
    this.retryTimer.unref();
  }

  private giveUp(): void {
    this.broken = true;
    clearTimeout(this.retryTimer);
    let from = this.written;
    for (const block of this.pending.splice(0)) {
      this.drop(block, from);
      from = 0;
    }
    this.whenIdle?.();
  }

  /** Counts the records of a block that are not written to their end, and settles its account. */
  private drop({ bytes, written }: PendingBlock, from: number): void {
    let records = 0;
    for (const byte of bytes.subarray(from)) if (byte === LINE_FEED) records += 1;
    this.options.counters.add('access_log_dropped', records);
    written[0]! += bytes.length;
  }
}
