/**
 * The small process above the gateway: starts it, starts it again when it ends unasked (the native
 * part can end a process where JavaScript cannot catch it), replaces it by a new one while it
 * serves, and passes signals on.
 */
import { type ChildPriority, childPriority } from './child-priority.ts';
import { type ChildEnd, GatewayChild } from './gateway-child.ts';
import type { FromGateway, GatewayReady } from './gateway-messages.ts';

export interface SupervisorOptions {
  /** The gateway's entry module and its arguments. */
  readonly entry: URL;
  readonly args: readonly string[];
  /** The supervisor's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly onReady: (ready: GatewayReady, restarts: number) => void;
  readonly onRestart: (reason: string, pauseMs: number) => void;
  readonly backoff?: Backoff;
  readonly priority?: ChildPriority;
  /** A gateway that was asked to stop and is still there after this is killed. */
  readonly stopMaxMs?: number;
  /** A gateway that was replaced has this long for its last connections, and is then killed. */
  readonly retireMaxMs?: number;
  /** A new one that is not ready by then has failed. */
  readonly replaceMaxMs?: number;
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A gateway that ran this long starts the back-off anew. */
  readonly healthyAfterMs: number;
}

/** What became of a replacement. */
export type Replacement =
  | { readonly isDone: true; readonly pid: number; readonly ready: GatewayReady }
  | { readonly isDone: false; readonly reason: string };

export const RESTART_BACKOFF: Backoff = { firstMs: 100, maxMs: 10_000, healthyAfterMs: 60_000 };

/** Longer than a drain of drainTimeoutMs's default and the closing behind it. */
const STOP_MAX_MS = 20_000;
const RETIRE_MAX_MS = 90_000;
/** A registry of 80,000 keys starts in 5 s. */
const REPLACE_MAX_MS = 120_000;
/** Given to the argument list of a gateway that waits for `go`. */
const REPLACES = '--replaces';

interface UnderWay {
  readonly child: GatewayChild;
  readonly settle: (outcome: Replacement) => void;
  readonly timer: NodeJS.Timeout;
}

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly backoff: Backoff;
  private readonly priority: ChildPriority;
  private readonly finished = Promise.withResolvers<number>();
  private current: GatewayChild | undefined;
  private next: UnderWay | undefined;
  private readonly retired = new Set<GatewayChild>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private everReady = false;
  private reloadWanted = false;
  private failure = '';
  private status: number | undefined;
  private restarts = 0;
  private pauseMs: number;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.backoff = options.backoff ?? RESTART_BACKOFF;
    this.priority = options.priority ?? childPriority();
    this.pauseMs = this.backoff.firstMs;
  }

  /** Process id of the gateway that serves now. */
  get gatewayPid(): number | undefined {
    return this.current?.pid;
  }

  /** Resolves with the exit status: 0 after `stop`, 1 when the gateway never became ready. */
  run(): Promise<number> {
    this.spawn();
    return this.finished.promise;
  }

  /** Why the gateway could not start; empty while it could. */
  get failureMessage(): string {
    return this.failure;
  }

  /** Asks every gateway that is there to drain; a second call changes nothing. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    clearTimeout(this.timer);
    this.giveUpReplacement('the supervisor was stopped');
    for (const child of this.children()) {
      child.signal('SIGTERM');
      child.killAfter(this.options.stopMaxMs ?? STOP_MAX_MS);
    }
    this.endWithLast();
  }

  /**
   * Has the gateway read its registry again. One that starts is told when it is ready: before its
   * handlers are there the signal would end it, and it may have read the registry already.
   */
  reload(): void {
    if (this.current?.ready !== undefined) this.current.signal('SIGHUP');
    else this.reloadWanted = true;
  }

  /**
   * Starts another gateway process, with the configuration and the code as they are now. When it is
   * ready the one before takes no more connections and ends with its last; while it is not, and
   * where it never becomes so, the one before serves as ever.
   */
  replace(): Promise<Replacement> {
    const { current } = this;
    if (current?.ready === undefined || this.stopping) {
      return Promise.resolve({ isDone: false, reason: 'no gateway is ready' });
    }
    if (this.next !== undefined) {
      return Promise.resolve({ isDone: false, reason: 'another one is being started already' });
    }
    if (this.retired.size > 0) {
      const reason =
        'the gateway before still has connections, for shutdown.retireTimeoutMs at most';
      return Promise.resolve({ isDone: false, reason });
    }
    const { promise, resolve } = Promise.withResolvers<Replacement>();
    const child = this.fork([...this.options.args, REPLACES]);
    if (child.pid !== undefined) this.priority.lower(child.pid);
    const timer = setTimeout(
      () => this.giveUpReplacement('the new gateway was not ready in time'),
      this.options.replaceMaxMs ?? REPLACE_MAX_MS,
    );
    this.next = { child, settle: resolve, timer };
    return promise;
  }

  private spawn(): void {
    this.current = this.fork(this.options.args);
  }

  private fork(args: readonly string[]): GatewayChild {
    return new GatewayChild({
      ...{ entry: this.options.entry, args, env: this.options.env ?? process.env },
      onMessage: (child, message) => this.hear(child, message),
      onEnd: (child, end) => this.onEnd(child, end),
    });
  }

  private hear(child: GatewayChild, message: FromGateway): void {
    switch (message.kind) {
      case 'ready':
        return child === this.next?.child ? this.takeOver(message) : this.onReady(child, message);
      case 'standby':
        // Where the one before has ended meanwhile there is nothing to yield.
        if (this.current === undefined) child.tell({ kind: 'go', beside: undefined });
        else this.current.tell({ kind: 'yield' });
        return;
      case 'yielded':
        return this.next?.child.tell({ kind: 'go', beside: message.place });
      case 'not-yielded':
        return this.giveUpReplacement(message.reason);
      case 'failed':
    }
  }

  private onReady(child: GatewayChild, ready: GatewayReady): void {
    if (child !== this.current) return;
    this.everReady = true;
    this.failure = '';
    if (this.stopping) return;
    this.options.onReady(ready, this.restarts);
    if (!this.reloadWanted) return;
    this.reloadWanted = false;
    this.reload();
  }

  private takeOver(ready: GatewayReady): void {
    const { child, settle, timer } = this.next!;
    const before = this.current;
    this.priority.restore(child.pid!);
    clearTimeout(timer);
    clearTimeout(this.timer);
    this.next = undefined;
    this.current = child;
    this.pauseMs = this.backoff.firstMs;
    if (before !== undefined) {
      this.retired.add(before);
      before.tell({ kind: 'retire' });
      before.killAfter(this.options.retireMaxMs ?? RETIRE_MAX_MS);
    }
    settle({ isDone: true, pid: child.pid!, ready });
  }

  /** The one before goes on as if nothing had been. */
  private giveUpReplacement(reason: string): void {
    const { next } = this;
    if (next === undefined) return;
    this.next = undefined;
    clearTimeout(next.timer);
    this.retired.add(next.child);
    next.child.signal('SIGKILL');
    this.current?.tell({ kind: 'resume' });
    next.settle({ isDone: false, reason });
  }

  private onEnd(child: GatewayChild, end: ChildEnd): void {
    if (this.retired.delete(child)) {
      if (this.stopping) this.endWithLast();
      return;
    }
    if (child === this.next?.child) return this.onNextEnd(end);
    this.current = undefined;
    if (this.stopping) return this.onStopped(child, end);
    if (end.code === 0) return this.end(0, end.reason);
    if (!this.everReady) return this.end(1, end.reason);
    if (this.next === undefined) return this.restartLater(child, end.reason);
    // One that is on its way serves sooner than another that is started now.
    this.priority.restore(this.next.child.pid!);
    this.next.child.tell({ kind: 'go', beside: undefined });
    this.options.onRestart(end.reason, 0);
  }

  private onNextEnd({ reason }: ChildEnd): void {
    const { settle, timer } = this.next!;
    clearTimeout(timer);
    this.next = undefined;
    settle({ isDone: false, reason });
    if (this.current === undefined) this.restartNow(reason);
    else this.current.tell({ kind: 'resume' });
  }

  private onStopped(child: GatewayChild, end: ChildEnd): void {
    this.status = stopStatus(end, child.ready !== undefined);
    this.failure = end.reason;
    this.endWithLast();
  }

  private *children(): Iterable<GatewayChild> {
    if (this.current !== undefined) yield this.current;
    yield* this.retired;
  }

  private endWithLast(): void {
    if (this.current !== undefined || this.retired.size > 0) return;
    this.finished.resolve(this.status ?? 0);
  }

  private end(status: number, reason: string): void {
    this.failure = reason;
    this.finished.resolve(status);
  }

  private restartLater(child: GatewayChild, reason: string): void {
    if (performance.now() - child.startedMs > this.backoff.healthyAfterMs) {
      this.pauseMs = this.backoff.firstMs;
    }
    this.restartNow(reason);
  }

  private restartNow(reason: string): void {
    this.restarts += 1;
    this.options.onRestart(reason, this.pauseMs);
    this.timer = setTimeout(() => this.spawn(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, this.backoff.maxMs);
  }
}

/** A gateway that did not come as far as its signal handlers had nothing to drain. */
function stopStatus({ code, signal }: ChildEnd, wasReady: boolean): number {
  if (!wasReady && (signal === 'SIGTERM' || signal === 'SIGINT')) return 0;
  return code ?? 1;
}
