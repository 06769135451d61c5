import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { benchFolder, benchKey, benchKeyId } from '../../../bench/rig/bench-folder.ts';
import { BenchGateway } from '../../../bench/rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../../../bench/rig/environment.ts';
import { HiccupBeside } from '../../../bench/rig/hiccup-beside.ts';
import { HiccupMeter } from '../../../bench/rig/hiccup-meter.ts';
import { percentilesMs } from '../../../bench/rig/latency-histogram.ts';
import {
  openFilesMax,
  processCpuMicros,
  residentBytes,
  threadCpuMicros,
} from '../../../bench/rig/process-usage.ts';
import { findProgram, MissingProgramError, pinned } from '../../../bench/rig/programs.ts';
import { Progress } from '../../../bench/rig/progress.ts';
import { appendResult, readResults } from '../../../bench/rig/results.ts';
import { Upstream } from '../../../bench/rig/upstream.ts';
import { createPartnerClient } from '../../../src/client/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-rig-'));
afterAll(() => rmSync(folder, { recursive: true }));

function busyFor(ms: number): void {
  const endsMs = performance.now() + ms;
  while (performance.now() < endsMs);
}

describe('a gateway for benchmarks', () => {
  it('serves every kind of key of every app, and open data to anybody', async () => {
    await using upstream = await Upstream.start({ cores: '0' });
    await using gateway = await BenchGateway.start({
      upstreamPort: upstream.port,
      ...{ apps: 2, operations: 1_005, cores: '0', placement: 'pool', batchMax: 4 },
    });
    for (const name of ['rsa', 'es256', 'hmac'] as const) {
      const { algorithm, privateText: privateKey } = benchKey(name);
      const client = createPartnerClient({
        ...{ keyId: benchKeyId(name, 1), privateKey, algorithm },
        // Signed for the authority that the gateway is known by, sent to where it listens.
        baseUrl: 'http://bench.xingyun.example',
        fetch: (input, init) => {
          const { pathname } = new URL(String(input));
          return fetch(`${gateway.url}${pathname}`, init);
        },
      });
      const answer = await client.fetch('/bench/v1/orders/o-1');
      expect(answer.status, await answer.text()).toBe(200);
    }
    const rates = await fetch(`${gateway.url}/public/v1/rates`);
    expect(rates.status, await rates.text()).toBe(200);
    expect((await fetch(`${gateway.url}/bench/v1/orders/o-1`)).status).toBe(401);
    expect(await gateway.metric('xingyun_exchanges_total')).toBeGreaterThanOrEqual(5);
    expect(processCpuMicros(gateway.pid)).toBeGreaterThan(0);
    expect([...threadCpuMicros(gateway.pid).keys()]).toEqual(
      expect.arrayContaining(['MainThread', 'front-0', 'WorkerThread']),
    );
    expect(gateway.running).toBe(true);
  });

  it('says why it cannot start', async () => {
    const start = BenchGateway.start({ upstreamPort: 1, workers: 0 });
    await expect(start).rejects.toThrow('workers');
  });

  it('is ended where it never says that it is ready', async () => {
    const pidFile = join(folder, 'hanging.pid');
    // Instead of the gateway: says nothing, and does not end by itself.
    const script =
      `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));` +
      'setInterval(() => undefined, 1000)';
    const start = BenchGateway.start({
      upstreamPort: 1,
      nodeArgs: ['-e', script],
      readyMaxMs: 2_000,
    });
    await expect(start).rejects.toThrow('the start of the gateway took longer than 2 s');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('the upstream', () => {
  it('answers any method at once and reads no body', async () => {
    await using upstream = await Upstream.start();
    const url = `http://127.0.0.1:${upstream.port}/any/path`;
    const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toHaveProperty('status', 'accepted');
    expect((await fetch(url)).status).toBe(200);
    expect(residentBytes(upstream.pid)).toBeGreaterThan(100_000);
  });
});

describe('programs', () => {
  it('that are missing are named with the package that brings them', () => {
    expect(() => findProgram('wrk', '')).not.toThrow(TypeError);
    const missing = new MissingProgramError('haproxy');
    expect(missing.message).toContain('install the package haproxy');
    expect(missing.message).toContain('scripts/install-test-tools.sh');
  });

  it('are pinned by taskset', () => {
    const { file, args } = pinned({ file: '/bin/true', args: ['a'] }, '0,1');
    expect(file).toMatch(/taskset$/);
    expect(args).toEqual(['-c', '0,1', '/bin/true', 'a']);
    expect(pinned({ file: '/bin/true', args: [] }, undefined).file).toBe('/bin/true');
  });
});

describe('what the kernel counts', () => {
  it('is the CPU of the process and of its threads', () => {
    const before = threadCpuMicros(process.pid).get('MainThread') ?? 0;
    const processBefore = processCpuMicros(process.pid);
    busyFor(60);
    const used = (threadCpuMicros(process.pid).get('MainThread') ?? 0) - before;
    expect(processCpuMicros(process.pid)).toBeGreaterThan(processBefore);
    expect(used).toBeGreaterThan(5_000);
    expect(openFilesMax()).toBeGreaterThan(100);
  });
});

describe('the hiccup meter', () => {
  it('shows a stall at its full length, and all firings that it prevented', async () => {
    const meter = new HiccupMeter().start();
    busyFor(120);
    await new Promise(resolve => setTimeout(resolve, 20));
    meter.stop();
    const { max } = percentilesMs(meter.histogram);
    expect(max).toBeGreaterThan(110);
    // One firing came late and a hundred did not come: counted as late as they would have been.
    expect(meter.histogram.totalCount).toBeGreaterThan(100);
    expect(percentilesMs(meter.histogram).p50).toBeGreaterThan(20);
  });

  it('stands beside what is measured as a process of its own', async () => {
    await using beside = await HiccupBeside.open('0');
    await beside.start();
    await new Promise(resolve => setTimeout(resolve, 100));
    const histogram = await beside.stop();
    expect(histogram.totalCount).toBeGreaterThan(20);
    expect(percentilesMs(histogram).max).toBeGreaterThan(0);
  });
});

describe('results', () => {
  it('are appended a line a run and read back', () => {
    expect(readResults('none-yet', folder)).toEqual([]);
    appendResult('trial', { rate: 1 }, folder);
    appendResult('trial', { rate: 2 }, folder);
    expect(readResults('trial', folder)).toEqual([{ rate: 1 }, { rate: 2 }]);
  });

  it('say where and from what they come', () => {
    const environment = readEnvironment();
    expect(environment.cores).toBeGreaterThan(0);
    expect(environment.node).toBe(process.version);
    expect(checkoutCommit()).toMatch(/^([0-9a-f]{12}(\+changes)?)?$/);
    expect(checkoutCommit(folder)).toBe('');
  });
});

describe('the folder of keys and signatures', () => {
  it('is its owner’s alone, or is not used', () => {
    const parent = join(folder, 'parent');
    mkdirSync(parent);
    const own = benchFolder(parent);
    expect(benchFolder(parent)).toBe(own);
    chmodSync(own, 0o755);
    expect(() => benchFolder(parent)).toThrow('not a folder of this user alone');
    rmSync(own, { recursive: true });
    symlinkSync(folder, own);
    expect(() => benchFolder(parent)).toThrow('not a folder of this user alone');
  });
});

describe('progress', () => {
  it('is one line on a terminal and few lines elsewhere, and nothing for what is soon over', () => {
    const written: string[] = [];
    const out = { isTTY: true, write: (text: string) => written.push(text) };
    const progress = new Progress(out, 0);
    progress.showShare('signing', 5, 10);
    progress.end();
    expect(written[0]).toContain('50 %');
    expect(written[0]!.startsWith('\r')).toBe(true);
    const plain: string[] = [];
    const lines = new Progress({ write: text => plain.push(text) }, 0);
    for (let i = 0; i < 100; i++) lines.show(`${i}`);
    expect(plain).toEqual(['0\n']);
    const quiet = new Progress(out);
    quiet.show('soon over');
    expect(written).toHaveLength(2);
  });
});
