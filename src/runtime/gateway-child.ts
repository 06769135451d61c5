/** One gateway process under the supervisor, from its start to its end. */
import { type ChildProcess, fork } from 'node:child_process';
import type { FromGateway, GatewayReady, ToGateway } from './gateway-messages.ts';

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said of itself, or what became of it. */
  readonly reason: string;
}

export interface GatewayChildOptions {
  readonly entry: URL;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly onMessage: (child: GatewayChild, message: FromGateway) => void;
  readonly onEnd: (child: GatewayChild, end: ChildEnd) => void;
}

export class GatewayChild {
  readonly startedMs = performance.now();
  /** What it said when it was ready. */
  ready: GatewayReady | undefined;
  /** Why it could not start, or was killed; empty while neither is so. */
  failure = '';
  private readonly process: ChildProcess;
  private killer: NodeJS.Timeout | undefined;

  constructor({ entry, args, env, onMessage, onEnd }: GatewayChildOptions) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
    const child = fork(entry, [...args], { env, stdio: [...stdio] });
    this.process = child;
    child.on('message', (message: FromGateway) => {
      if (message.kind === 'ready') this.ready = message;
      this.failure = message.kind === 'failed' ? message.message : '';
      onMessage(this, message);
    });
    child.once('close', (code, signal) => this.end(code, signal, onEnd));
    child.on('error', error => {
      // A process that was never there does not close either.
      if (child.pid !== undefined) return;
      child.removeAllListeners('close');
      this.failure = `The gateway process cannot be started: ${error.message}.`;
      this.end(null, null, onEnd);
    });
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  tell(message: ToGateway): void {
    // One that ends meanwhile is heard of by its end.
    if (this.process.connected) this.process.send(message, () => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Kills it where it is still there then: it hangs, or was stopped by a debugger. */
  killAfter(ms: number): void {
    clearTimeout(this.killer);
    this.killer = setTimeout(() => {
      this.failure = 'The gateway did not end in time and was killed.';
      this.process.kill('SIGKILL');
    }, ms);
  }

  private end(
    code: number | null,
    signal: NodeJS.Signals | null,
    onEnd: GatewayChildOptions['onEnd'],
  ): void {
    clearTimeout(this.killer);
    const reason = this.failure || (signal === null ? `exit status ${code}` : signal);
    onEnd(this, { code, signal, reason });
  }
}
