import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import {
  SHELF_WORKER_LIMITS,
  ShelfWorker,
  ShelfWorkerError,
  type ShelfWorkerLimits,
} from '../../../src/control-plane/shelf/shelf-worker.ts';
import { ACCOUNTS, ShelfUnderTest, vector } from './shelf-fixture.ts';

const text = JSON.stringify(ACCOUNTS);
const CHECK = { kind: 'check', text, deriveIds: false } as const;

/** Names that differ, so that the schemas of it take memory and time. */
function largeText(properties: number): string {
  const names = Array.from({ length: properties }, (_, i) => `"p_${i}":{"type":"string"}`);
  return `{"openapi":"3.1.0","paths":{},"components":{"schemas":{"A":{"properties":{${names}}}}}}`;
}

const workers: ShelfWorker[] = [];

function startWorker(limits: Partial<ShelfWorkerLimits> = {}): ShelfWorker {
  const worker = new ShelfWorker({ ...SHELF_WORKER_LIMITS, ...limits });
  workers.push(worker);
  return worker;
}

afterEach(() => Promise.all(workers.splice(0).map(worker => worker.close())));

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof ShelfWorkerError ? error.code : String(error)),
  );

describe('the thread of the shelf', () => {
  it('works on one document after the other', async () => {
    const worker = startWorker();
    const results = await Promise.all([worker.run(CHECK), worker.run(CHECK), worker.run(CHECK)]);
    expect(results.map(result => 'style' in result && result.style.grade)).toEqual(['A', 'A', 'A']);
  });

  it('lets the main thread answer meanwhile', async () => {
    const worker = startWorker();
    const github = vector('github.json');
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await worker.run({ ...CHECK, text: github });
    delay.disable();
    // It takes about two seconds there.
    expect(delay.max / 1e6).toBeLessThan(500);
  });

  it('lets a few wait and refuses the others', async () => {
    const worker = startWorker({ queueMax: 2 });
    const codes = Array.from({ length: 5 }, () => codeOf(worker.run(CHECK)));
    expect(await Promise.all(codes)).toEqual(['done', 'done', 'done', 'busy', 'busy']);
  });

  it('cuts a document that takes too long, and works on the next', async () => {
    const worker = startWorker({ timeoutMs: 1_500 });
    const slow = codeOf(worker.run({ ...CHECK, text: largeText(400_000) }));
    const next = codeOf(worker.run({ ...CHECK, kind: 'identify' } as never));
    expect(await slow).toBe('too-slow');
    expect(await next).toBe('done');
  });

  it('loses a document that takes too much memory, and works on the next', async () => {
    const worker = startWorker({ heapMaxMegabytes: 48 });
    const large = codeOf(worker.run({ ...CHECK, text: largeText(300_000) }));
    const next = codeOf(worker.run({ kind: 'identify', text }));
    expect(await large).toBe('too-large');
    expect(await next).toBe('done');
  });

  it('ends a thread that has nothing to do, and starts another', async () => {
    const worker = startWorker({ idleMs: 1 });
    expect(await codeOf(worker.run({ kind: 'identify', text }))).toBe('done');
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(await codeOf(worker.run({ kind: 'identify', text }))).toBe('done');
  });

  it('refuses everything once it is closed', async () => {
    const worker = startWorker();
    const running = codeOf(worker.run(CHECK));
    const waiting = codeOf(worker.run(CHECK));
    await worker.close();
    expect(await Promise.all([running, waiting, codeOf(worker.run(CHECK))])).toEqual([
      'closed',
      'closed',
      'closed',
    ]);
  });
});

describe('the threads of the desk', () => {
  it('take an import while the line of the checks is full', async () => {
    const workerLimits = { ...SHELF_WORKER_LIMITS, queueMax: 1 };
    await using shelf = await ShelfUnderTest.open({ workerLimits });
    const check = () =>
      shelf.desk.check({ text }, false).then(
        () => 'done',
        ({ code }) => code,
      );
    const checks = [check(), check(), check()];
    const imported = await shelf.import(ACCOUNTS, { id: 'accounts' });
    expect(imported.stored).toBe(true);
    expect(await Promise.all(checks)).toEqual(['done', 'done', 'shelf-busy']);
  });
});
