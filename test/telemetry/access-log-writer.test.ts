import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CounterSet } from '../../src/core/counters.ts';
import { AccessLogWriter } from '../../src/telemetry/access-log-writer.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-log-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function block(content: string): ArrayBuffer {
  return new TextEncoder().encode(content).buffer;
}

function written(account: SharedArrayBuffer): number {
  return new Float64Array(account)[0]!;
}

async function writerOf(file: string) {
  const counters = new CounterSet();
  const reports: (string | undefined)[] = [];
  const writer = await AccessLogWriter.open({
    file,
    counters,
    report: (_message, code) => reports.push(code),
    retryMs: 5,
  });
  return { writer, counters, reports };
}

describe('the access log’s writer', () => {
  it('appends the blocks of several fronts in order and accounts each to its front', async () => {
    const file = join(folder, 'access.log');
    await writeFile(file, 'kept\n');
    const { writer, counters } = await writerOf(file);
    const accounts = [new SharedArrayBuffer(8), new SharedArrayBuffer(8)] as const;
    writer.write(block('one\ntwo\n'), accounts[0]);
    writer.write(block('three\n'), accounts[1]);
    writer.write(block('four\n'), accounts[0]);
    await writer.close();
    expect(await readFile(file, 'utf8')).toBe('kept\none\ntwo\nthree\nfour\n');
    expect(accounts.map(written)).toEqual([13, 6]);
    expect(counters.get('access_log_dropped')).toBe(0);
  });

  it('refuses a file that cannot be opened', async () => {
    await expect(writerOf(join(folder, 'missing', 'access.log'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('on a full disk keeps the records, tries again, reports once, counts drops', async () => {
    const { writer, counters, reports } = await writerOf('/dev/full');
    const account = new SharedArrayBuffer(8);
    writer.write(block('one\ntwo\n'), account);
    writer.write(block('three\n'), account);
    await expect.poll(() => counters.get('access_log_write_failed')).toBeGreaterThan(2);
    expect(reports).toEqual(['ENOSPC']);
    expect(written(account)).toBe(0);
    expect(counters.get('access_log_dropped')).toBe(0);
    await writer.close();
    expect(counters.get('access_log_dropped')).toBe(3);
    expect(written(account)).toBe(14);
  });

  it('after it was closed drops and counts', async () => {
    const { writer, counters } = await writerOf(join(folder, 'access.log'));
    await writer.close();
    writer.write(block('late\n'), new SharedArrayBuffer(8));
    expect(counters.get('access_log_dropped')).toBe(1);
  });
});

describe('a process that writes its access log', () => {
  const entry = fileURLToPath(new URL('./writing-process.ts', import.meta.url));
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  async function run(...args: string[]) {
    child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    const outcome = text(child.stderr!);
    await once(child, 'message');
    child.stdout!.destroy();
    child.send('go');
    const [status] = await once(child, 'exit');
    return { status, outcome: JSON.parse(await outcome) };
  }

  it('survives a reader that is gone, reports it once and counts every record', async () => {
    expect(await run()).toEqual({
      status: 0,
      outcome: { reports: ['EPIPE'], dropped: 4, failed: 1, written: 32 },
    });
  });

  it('ends while the disk is full', async () => {
    const { status, outcome } = await run('/dev/full', 'exit');
    expect(status).toBe(0);
    expect(outcome).toMatchObject({ reports: ['ENOSPC'], dropped: 0, written: 0 });
  });
});
