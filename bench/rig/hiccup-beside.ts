/** A hiccup meter in a process of its own, seen from the benchmark. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { endChild, pinned } from './programs.ts';
import { within } from './within.ts';

const ENTRY = fileURLToPath(new URL('hiccup-process.ts', import.meta.url));

/** To start a process and to hear from it. */
const ANSWER_MAX_MS = 10_000;

export class HiccupBeside {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
    // Whoever waits hears of it by a listener of its own.
    child.on('error', () => undefined);
  }

  /** A meter that waits to be started, on these cores only, as taskset takes them. */
  static async open(cores?: string): Promise<HiccupBeside> {
    const command = pinned({ file: process.execPath, args: [ENTRY] }, cores);
    const child = spawn(command.file, command.args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const meter = new HiccupBeside(child);
    try {
      await meter.answer();
    } catch (error) {
      await meter[Symbol.asyncDispose]();
      throw error;
    }
    return meter;
  }

  /** Forgets what was measured before and measures from now on. */
  async start(): Promise<void> {
    this.child.send('start');
    await this.answer();
  }

  /** Lateness in microseconds since the start. */
  async stop(): Promise<Histogram> {
    this.child.send('stop');
    return decodeFromCompressedBase64(await this.answer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
  }

  private answer(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const onExit = () => reject(new Error('the hiccup meter ended'));
    this.child.once('exit', onExit);
    this.child.once('error', reject);
    this.child.once('message', message => {
      this.child.off('exit', onExit);
      this.child.off('error', reject);
      resolve(message as string);
    });
    return within(ANSWER_MAX_MS, 'an answer of the hiccup meter', promise);
  }
}
