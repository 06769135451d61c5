import { type ChildProcess, fork } from 'node:child_process';
import { endChild } from '../rig/programs.ts';
import type { HoldOrder, HoldReport } from './hold-connections.ts';

const ENTRY = new URL('hold-connections.ts', import.meta.url);

/** The process that holds idle connections, seen from the benchmark. */
export class IdleClient {
  private readonly child: ChildProcess;
  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /**
   * Resolves when all connections are open.
   * @throws Error where one cannot be opened, for example beyond the limit of open files
   */
  static async open(order: HoldOrder, onProgress: (open: number) => void): Promise<IdleClient> {
    const client = new IdleClient(fork(ENTRY, { execArgv: [], stdio: 'inherit' }));
    try {
      client.child.on('message', (report: HoldReport) => {
        if (report.kind === 'progress') onProgress(report.open);
      });
      client.child.send(order);
      await client.answer('holding');
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connections that are still open, seen from the client. */
  async count(): Promise<number> {
    this.child.send('count');
    return this.answer('counted');
  }

  /** Ends the process, and with it its connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
  }

  private answer(kind: 'holding' | 'counted'): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const onExit = () => reject(new Error('the client of idle connections ended'));
    const onMessage = (report: HoldReport) => {
      if (report.kind === 'failed') reject(new Error(report.message));
      else if (report.kind === kind) resolve(report.open);
    };
    this.child.once('exit', onExit);
    this.child.once('error', reject);
    this.child.on('message', onMessage);
    return promise.finally(() => {
      this.child.off('exit', onExit);
      this.child.off('error', reject);
      this.child.off('message', onMessage);
    });
  }
}
