/**
 * Keeps the work on documents off the main thread: one thread, one document at a time, the others
 * wait in a short line. A document that takes too long or too much memory goes down with its
 * thread; the next one gets a new thread.
 */
import { Worker } from 'node:worker_threads';
import type { ResultOf, ShelfJob } from './jobs.ts';

export interface ShelfWorkerLimits {
  /** For one document, from its start on. */
  readonly timeoutMs: number;
  /** Of the thread's heap. */
  readonly heapMaxMegabytes: number;
  /** Documents that wait. */
  readonly queueMax: number;
  /** After which a thread without work ends. */
  readonly idleMs: number;
}

export const SHELF_WORKER_LIMITS: ShelfWorkerLimits = {
  timeoutMs: 60_000,
  heapMaxMegabytes: 1_024,
  queueMax: 8,
  idleMs: 30_000,
};

/** Why a document was not worked on. */
export class ShelfWorkerError extends Error {
  readonly code: 'busy' | 'too-slow' | 'too-large' | 'failed' | 'closed';

  constructor(code: ShelfWorkerError['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'ShelfWorkerError';
    this.code = code;
  }
}

interface Waiting {
  readonly number: number;
  readonly job: ShelfJob;
  readonly resolve: (result: never) => void;
  readonly reject: (error: ShelfWorkerError) => void;
}

interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: string;
}

export class ShelfWorker {
  private readonly limits: ShelfWorkerLimits;
  private readonly queue: Waiting[] = [];
  private current: Waiting | undefined;
  private worker: Worker | undefined;
  private timer: NodeJS.Timeout | undefined;
  private numbers = 0;
  private isClosed = false;

  constructor(limits: ShelfWorkerLimits = SHELF_WORKER_LIMITS) {
    this.limits = limits;
  }

  /** @throws ShelfWorkerError */
  run<J extends ShelfJob>(job: J): Promise<ResultOf<J>> {
    if (this.isClosed)
      return Promise.reject(new ShelfWorkerError('closed', 'The shelf is closed.'));
    if (this.queue.length >= this.limits.queueMax) {
      const message = 'Other documents are being worked on; send it again later.';
      return Promise.reject(new ShelfWorkerError('busy', message));
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ number: ++this.numbers, job, resolve, reject });
      this.next();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const error = new ShelfWorkerError('closed', 'The gateway stops.');
    for (const waiting of this.queue.splice(0)) waiting.reject(error);
    await this.end(error);
  }

  private next(): void {
    if (this.current !== undefined) return;
    const waiting = this.queue.shift();
    clearTimeout(this.timer);
    if (waiting === undefined) {
      this.timer = setTimeout(() => void this.end(), this.limits.idleMs);
      this.timer.unref();
      return;
    }
    this.current = waiting;
    const { timeoutMs } = this.limits;
    const message = `The document took more than ${timeoutMs} ms; split or simplify it.`;
    this.timer = setTimeout(
      () => void this.end(new ShelfWorkerError('too-slow', message)),
      timeoutMs,
    );
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage({ number: waiting.number, job: waiting.job });
  }

  private start(): Worker {
    const worker = new Worker(new URL('./shelf-thread.ts', import.meta.url), {
      name: 'shelf',
      resourceLimits: { maxOldGenerationSizeMb: this.limits.heapMaxMegabytes },
    });
    worker.on('message', (answer: Answer) => this.take(worker, answer));
    worker.on('error', (error: NodeJS.ErrnoException) => this.lose(worker, error));
    worker.on('exit', () => this.lose(worker, new Error('The thread ended.')));
    return worker;
  }

  private take(worker: Worker, { number, result, failure }: Answer): void {
    const { current } = this;
    if (worker !== this.worker || current?.number !== number) return;
    if (failure !== undefined) {
      const message = 'The document could not be worked on; the error was logged.';
      return void this.end(new ShelfWorkerError('failed', message, new Error(failure)));
    }
    this.current = undefined;
    worker.unref();
    current.resolve(result as never);
    this.next();
  }

  /** The thread went of itself: out of memory, as a rule. */
  private lose(worker: Worker, cause: NodeJS.ErrnoException): void {
    if (worker !== this.worker) return;
    const isMemory = cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    const message = isMemory
      ? 'The document takes too much memory; split or simplify it.'
      : 'The document could not be worked on; the error was logged.';
    void this.end(new ShelfWorkerError(isMemory ? 'too-large' : 'failed', message, cause));
  }

  /** Ends the thread, and with it whatever it works on. */
  private async end(error?: ShelfWorkerError): Promise<void> {
    const { worker, current } = this;
    clearTimeout(this.timer);
    this.worker = undefined;
    this.current = undefined;
    if (error !== undefined) current?.reject(error);
    const ended = worker?.terminate();
    if (!this.isClosed && this.queue.length > 0) this.next();
    await ended;
  }
}
