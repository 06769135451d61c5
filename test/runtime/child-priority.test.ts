import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childPriority, mayRaisePriority } from '../../src/runtime/child-priority.ts';

/** Starts a thread when it is told to, and says so. */
const PROGRAM = `
  const { Worker } = require('node:worker_threads');
  process.on('message', () => {
    const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true });
    worker.once('online', () => process.send('started'));
  });
  process.send('there');
`;

let child: ChildProcess;

beforeEach(async () => {
  child = spawn(process.execPath, ['-e', PROGRAM], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'message');
});
afterEach(() => child.kill('SIGKILL'));

async function startThread(): Promise<void> {
  child.send('start');
  await once(child, 'message');
}

function priorities(): readonly number[] {
  const threads = readdirSync(`/proc/${child.pid}/task`);
  return [...new Set(threads.map(thread => getPriority(Number(thread))))];
}

describe('the priority of a gateway that starts beside one that serves', () => {
  it('is lower, of the threads that it starts too, until it is restored', async () => {
    const own = getPriority();
    // Whoever may not raise a priority again does not lower one.
    const lowered = mayRaisePriority() ? Math.max(own, 10) : own;
    const priority = childPriority();
    priority.lower(child.pid!);
    await startThread();
    expect(getPriority(child.pid!)).toBe(lowered);
    expect(priorities()).toContain(lowered);
    priority.restore(child.pid!);
    expect(priorities()).toEqual([own]);
  });

  it('stays where it could not be raised again', () => {
    const priority = childPriority(false);
    const before = priorities();
    priority.lower(child.pid!);
    priority.restore(child.pid!);
    expect(priorities()).toEqual(before);
  });

  it('of one that has ended is nobody’s concern', async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { lower, restore } = childPriority();
    expect(() => lower(child.pid!)).not.toThrow();
    expect(() => restore(child.pid!)).not.toThrow();
  });
});
