import type { Worker } from 'node:worker_threads';
import type { RevokedToken } from '../core/authorization.ts';
import type { ToFront } from '../data-plane/front-messages.ts';
import { withinMs } from './within-ms.ts';

interface Telling {
  readonly left: Set<Worker>;
  readonly done: () => void;
}

/** A front that hangs takes no calls either. */
const HEARD_MAX_MS = 2_000;

/** Tells fronts what was revoked, and knows when they have heard it. */
export class RevocationNews {
  private readonly underWay = new Map<number, Telling>();
  private told = 0;

  /** Resolves when each of them has heard it or has ended, or after a while. */
  async tell(workers: readonly Worker[], tokens: readonly RevokedToken[]): Promise<void> {
    if (tokens.length === 0 || workers.length === 0) return;
    const tell = ++this.told;
    const { promise, resolve: done } = Promise.withResolvers<void>();
    this.underWay.set(tell, { left: new Set(workers), done });
    const message: ToFront = { kind: 'revoked', tell, tokens };
    for (const worker of workers) worker.postMessage(message);
    await withinMs(HEARD_MAX_MS, promise);
    this.underWay.delete(tell);
  }

  heard(worker: Worker, tell: number): void {
    const telling = this.underWay.get(tell);
    if (telling !== undefined) settle(telling, worker);
  }

  /** It has ended. */
  forget(worker: Worker): void {
    for (const telling of this.underWay.values()) settle(telling, worker);
  }
}

function settle({ left, done }: Telling, worker: Worker): void {
  left.delete(worker);
  if (left.size === 0) done();
}
