/** The thread that keeps idempotency keys, as the main thread sees it: started, watched, closed. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { RetentionOptions } from '../stores/idempotency-contract.ts';

export interface IdempotencyData extends RetentionOptions {
  /** A database of this host, or one that hosts share. */
  readonly place:
    | { readonly store: 'sqlite'; readonly path: string }
    | { readonly store: 'postgres'; readonly url: string; readonly timeoutMs: number };
}

export type ToIdempotency =
  | { readonly kind: 'front'; readonly port: MessagePort }
  | { readonly kind: 'close' };

export type FromIdempotency =
  | { readonly kind: 'open' }
  /** It cannot start, and ends. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The database cannot be written, or can again where there is no reason. */
  | { readonly kind: 'state'; readonly reason: string | undefined };

export interface IdempotencyHostOptions {
  readonly data: IdempotencyData;
  /** The module that the thread runs. */
  readonly entry: URL;
  /** The database cannot be written, or can again where there is no reason. */
  readonly onState: (reason: string | undefined) => void;
  /** The thread is another one: fronts need new ports. */
  readonly onRestarted: () => void;
}

const RESTART_PAUSE_MS = 100;
const RESTART_PAUSE_MAX_MS = 5_000;
/** Longer than a transaction takes on a disk that works. */
const CLOSE_MAX_MS = 5_000;

export class IdempotencyHost {
  private readonly options: IdempotencyHostOptions;
  private worker: Worker | undefined;
  private pauseMs = RESTART_PAUSE_MS;
  private restartTimer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(options: IdempotencyHostOptions) {
    this.options = options;
  }

  /** @throws Error with what the operator can do, where the database cannot be opened */
  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const { data: workerData, entry, onState } = this.options;
    const worker = new Worker(entry, { workerData, name: 'idempotency' });
    let reason: string | undefined;
    let isOpen = false;
    this.worker = worker;
    worker.on('message', (message: FromIdempotency) => {
      if (message.kind === 'open') {
        isOpen = true;
        this.pauseMs = RESTART_PAUSE_MS;
        resolve();
      } else if (message.kind === 'failed') reason = message.reason;
      else onState(message.reason);
    });
    worker.on('error', error => {
      reason = (error as Error).message;
    });
    worker.once('exit', code => {
      reason ??= `The thread that keeps idempotency keys ended with status ${code}.`;
      if (this.worker === worker) this.worker = undefined;
      reject(new Error(reason));
      if (isOpen) this.restartLater(reason);
    });
    return promise;
  }

  /** A front's end of a new way to the thread; what waits in it is heard when there is one. */
  connectFront(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const message: ToIdempotency = { kind: 'front', port: port1 };
    if (this.worker === undefined) port1.close();
    else this.worker.postMessage(message, [port1]);
    return port2;
  }

  async close(): Promise<void> {
    const { worker } = this;
    this.isClosing = true;
    clearTimeout(this.restartTimer);
    if (worker === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.once('exit', () => resolve());
    const message: ToIdempotency = { kind: 'close' };
    worker.postMessage(message);
    const timer = setTimeout(() => worker.terminate(), CLOSE_MAX_MS);
    await promise;
    clearTimeout(timer);
  }

  private restartLater(reason: string): void {
    if (this.isClosing) return;
    const { pauseMs } = this;
    this.options.onState(reason);
    this.pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MAX_MS);
    this.restartTimer = setTimeout(() => {
      this.start().then(
        () => {
          this.options.onState(undefined);
          this.options.onRestarted();
        },
        (error: Error) => this.restartLater(error.message),
      );
    }, pauseMs);
  }
}
