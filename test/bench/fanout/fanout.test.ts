import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FanoutPhase, FanoutResult } from '../../../bench/fanout/fanout-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/fanout/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-fanout-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `onText` sees standard error as it comes. */
function fanout(args: readonly string[], onText: (text: string, pid: number) => void = () => {}) {
  const child = spawn(process.execPath, [MAIN, '--no-record', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
    onText(stderr, child.pid!);
  });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  child.once('close', status => resolve({ status, stdout, stderr }));
  return promise;
}

function expectWhole({ events, calls, callsBesideEvents, eventsBesideCalls }: FanoutPhase): void {
  for (const figures of [events, eventsBesideCalls]) {
    expect(figures).toMatchObject({ events: 3, deliveries: 3 * 40 });
    expect(figures.lastOfEachMs).toHaveLength(3);
    expect(figures.lastMs.min).toBeGreaterThan(0);
    expect(figures.arrival.p50).toBeLessThanOrEqual(figures.lastMs.max + 1);
    expect(figures.acknowledgedMs.median).toBeGreaterThan(0);
  }
  for (const figures of [calls, callsBesideEvents]) {
    expect(figures).toMatchObject({ errors: {}, missedSends: 0 });
    expect(figures.answered).toBe(figures.requests);
    expect(figures.requests).toBeGreaterThan(50);
  }
}

describe('bench:fanout', () => {
  it('brings events to those that read, beside those that do not', {
    timeout: 60_000,
  }, async () => {
    const json = join(folder, 'result.json');
    const tiny = ['--subscribers', '40', '--silent', '2', '--events', '3', '--interval', '50'];
    const calls = ['--call-rate', '100', '--callers', '4'];
    const run = await fanout([...tiny, ...calls, '--json', json]);
    expect(run.status, run.stderr).toBe(0);
    const result: FanoutResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result).toMatchObject({ name: 'fanout', subscribers: 40, silent: 2 });
    expect(result).toMatchObject({ faults: 0, closed: {} });
    expectWhole(result.readersOnly);
    expect(result.readersOnly.replays).toBe(0);
    expectWhole(result.withSilent!);
    const { floodEvents, stillOpen, memoryBehind, memoryGone } = result.silentFigures!;
    expect(floodEvents).toBeGreaterThan(10);
    expect(stillOpen).toBe(2);
    // What a session lets wait, and one event of it more.
    expect(memoryBehind.waitingMb).toBeGreaterThanOrEqual(2);
    expect(memoryBehind.waitingMb).toBeLessThan(2.4);
    expect(memoryGone.waitingMb).toBe(0);
    expect(result.configuration['webSocket.slowConsumerTimeoutMs']).toBe(600_000);
    expect(run.stdout).toContain('2 more that do not read');
  });

  it('leaves nobody behind when it is interrupted', { timeout: 30_000 }, async () => {
    let signalled = false;
    const many = ['--subscribers', '300', '--silent', '0', '--events', '10000'];
    const run = await fanout([...many, '--interval', '100'], (text, pid) => {
      if (signalled || !text.includes('of 300 subscribers')) return;
      signalled = true;
      process.kill(pid, 'SIGINT');
    });
    expect(run.status, run.stderr).toBe(130);
    expect(run.stderr).toContain('interrupted');
  });

  it.each([
    [['--subscribers', '0'], '--subscribers takes a whole number'],
    [['--subscribers', '900000'], 'limit of open files'],
    [['--loud', '9'], "Unknown option '--loud'"],
  ])('ends with status 2 and a sentence for %j', async (args, sentence) => {
    const { status, stderr } = await fanout(args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
