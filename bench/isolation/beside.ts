/** A process of a benchmark that is spoken to over IPC, and ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild } from '../rig/programs.ts';
import { within } from '../rig/within.ts';

const ANSWER_MAX_MS = 20_000;

export class Beside {
  private readonly child: ChildProcess;

  /** `file` stands beside this one. */
  constructor(file: string, args: readonly string[] = []) {
    const entry = fileURLToPath(new URL(file, import.meta.url));
    this.child = spawn(process.execPath, [entry, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  tell(message: object): void {
    this.child.send(message);
  }

  /** The next thing that it tells. @throws Error where that does not come in time */
  async hear<T>(): Promise<T> {
    const [message] = await within(ANSWER_MAX_MS, 'an answer', once(this.child, 'message'));
    return message as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.child, 'SIGTERM');
  }
}
