/** One target of the upstream as the run holds it: killed, frozen and back on the same port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { endChild } from '../rig/programs.ts';
import { within } from '../rig/within.ts';
import type { FromUpstream, Manners } from './upstream-process.ts';

const ENTRY = fileURLToPath(new URL('upstream-process.ts', import.meta.url));
const READY_MAX_MS = 20_000;

export class ChaosUpstream {
  readonly port: number;
  private readonly onMade: (order: string) => void;
  private child: ChildProcess | undefined;

  constructor(port: number, onMade: (order: string) => void) {
    this.port = port;
    this.onMade = onMade;
  }

  async start(): Promise<void> {
    const args = [ENTRY, String(this.port)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.child = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.on('message', (message: FromUpstream) => {
      if (message.kind === 'made') this.onMade(message.order);
      else resolve();
    });
    child.once('exit', () => reject(new Error(`the upstream at port ${this.port} ended`)));
    await within(READY_MAX_MS, 'the start of an upstream', promise);
  }

  behave(manners: Manners): void {
    this.child!.send(manners);
  }

  freeze(): void {
    this.child!.kill('SIGSTOP');
  }

  thaw(): void {
    this.child!.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    await endChild(this.child!, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child === undefined) return;
    // A frozen process does not end by itself.
    this.child.kill('SIGCONT');
    await endChild(this.child, 'SIGTERM');
  }
}
