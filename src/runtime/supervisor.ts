/**
 * The small process above the gateway: starts it, starts it again when it ends unasked (the native
 * part can end a process where JavaScript cannot catch it), and passes signals on.
 */
import { type ChildProcess, fork } from 'node:child_process';

export interface GatewayReady {
  readonly kind: 'ready';
  readonly url: string;
  readonly adminUrl: string;
}
export interface GatewayFailed {
  readonly kind: 'failed';
  readonly message: string;
}
export type FromGateway = GatewayReady | GatewayFailed;

export interface SupervisorOptions {
  /** The gateway's entry module and its arguments. */
  readonly entry: URL;
  readonly args: readonly string[];
  readonly onReady: (ready: GatewayReady, restarts: number) => void;
  readonly onRestart: (reason: string, pauseMs: number) => void;
  readonly backoff?: Backoff;
  /** A gateway that was asked to stop and is still there after this is killed. */
  readonly stopMaxMs?: number;
}

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** A gateway that ran this long starts the back-off anew. */
  readonly healthyAfterMs: number;
}

export const RESTART_BACKOFF: Backoff = { firstMs: 100, maxMs: 10_000, healthyAfterMs: 60_000 };

/** Longer than a drain of drainTimeoutMs's default and the closing behind it. */
const STOP_MAX_MS = 20_000;

export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly backoff: Backoff;
  private readonly finished = Promise.withResolvers<number>();
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;
  private everReady = false;
  /** The gateway that runs now is ready. */
  private ready = false;
  private reloadWanted = false;
  private failure = '';
  private restarts = 0;
  private pauseMs: number;
  private startedMs = 0;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.backoff = options.backoff ?? RESTART_BACKOFF;
    this.pauseMs = this.backoff.firstMs;
  }

  /** Process id of the gateway that runs now. */
  get gatewayPid(): number | undefined {
    return this.child?.pid;
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

  /** Asks the gateway to drain; a second call changes nothing. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    clearTimeout(this.timer);
    if (this.child === undefined) this.finished.resolve(0);
    else this.drainChild(this.child);
  }

  /** One that hangs, or was stopped by a debugger, would otherwise never end. */
  private drainChild(child: ChildProcess): void {
    child.kill('SIGTERM');
    this.timer = setTimeout(() => {
      this.failure = 'The gateway did not end in time and was killed.';
      child.kill('SIGKILL');
    }, this.options.stopMaxMs ?? STOP_MAX_MS);
  }

  /**
   * Has the gateway read its registry again. One that starts is told when it is ready: before its
   * handlers are there the signal would end it, and it may have read the registry already.
   */
  reload(): void {
    if (this.ready) this.child!.kill('SIGHUP');
    else this.reloadWanted = true;
  }

  private spawn(): void {
    this.startedMs = performance.now();
    const child = fork(this.options.entry, [...this.options.args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    child.on('message', (message: FromGateway) => this.hear(message));
    child.once('close', (code, signal) => this.onExit(code, signal));
    child.on('error', error => {
      // A process that was never there does not close either.
      if (child.pid !== undefined) return;
      child.removeAllListeners('close');
      this.failure = `The gateway process cannot be started: ${error.message}.`;
      this.onExit(null, null);
    });
  }

  private hear(message: FromGateway): void {
    if (message.kind === 'failed') {
      this.failure = message.message;
      return;
    }
    this.ready = true;
    this.everReady = true;
    this.failure = '';
    if (this.stopping) return;
    this.options.onReady(message, this.restarts);
    if (!this.reloadWanted) return;
    this.reloadWanted = false;
    this.reload();
  }

  private onExit(code: number | null, signal: NodeJS.Signals | null): void {
    const wasReady = this.ready;
    this.child = undefined;
    this.ready = false;
    const reason = this.failure || (signal === null ? `exit status ${code}` : signal);
    if (this.stopping) return this.end(stopStatus(code, signal, wasReady), reason);
    if (code === 0) return this.end(0, reason);
    if (!this.everReady) return this.end(1, reason);
    this.failure = '';
    this.restartLater(reason);
  }

  private end(status: number, reason: string): void {
    clearTimeout(this.timer);
    this.failure = reason;
    this.finished.resolve(status);
  }

  private restartLater(reason: string): void {
    if (performance.now() - this.startedMs > this.backoff.healthyAfterMs) {
      this.pauseMs = this.backoff.firstMs;
    }
    this.restarts += 1;
    this.options.onRestart(reason, this.pauseMs);
    this.timer = setTimeout(() => this.spawn(), this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, this.backoff.maxMs);
  }
}

/** A gateway that did not come as far as its signal handlers had nothing to drain. */
function stopStatus(code: number | null, signal: NodeJS.Signals | null, wasReady: boolean): number {
  if (!wasReady && (signal === 'SIGTERM' || signal === 'SIGINT')) return 0;
  return code ?? 1;
}
