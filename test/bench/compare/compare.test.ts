import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { allCases } from '../../../bench/compare/cases.ts';
import type { CompareResult } from '../../../bench/compare/compare-result.ts';
import { presentCases } from '../../../bench/compare/select-cases.ts';
import { eventually } from '../../support/eventually.ts';
import { CompareCommand } from './command.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TINY = ['--rounds', '1', '--seconds', '0.3', '--warm-up', '0.2'];
/** Signing them takes half a second of CPU. */
const SIGNED = ['--signed-requests', '800'];
/** What runs until the test ends it. */
const LONG = ['--seconds', '60', '--warm-up', '0.1', '--only', 'haproxy-forward,nginx-forward'];

function skipWithoutPrograms(context: TestContext): void {
  const { missing } = presentCases(allCases([]));
  if (missing.length > 0) {
    context.skip(`${missing.join(', ')} missing: run scripts/install-test-tools.sh as root`);
  }
}

/** A folder named `other` that goes with the test, as a checkout beside this one. */
function otherCheckout(): string {
  const parent = mkdtempSync(join(tmpdir(), 'other-checkout-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, 'other');
  mkdirSync(folder);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** Resolves when a forwarder and the load run. */
async function measuring(command: CompareCommand): Promise<void> {
  await eventually(() => command.processesLeft().map(programOf)).toEqual(
    expect.arrayContaining(['wrk', expect.stringMatching(/^(haproxy|nginx)$/)]),
  );
}

function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    // It ended in the meantime.
    return '';
  }
}

describe('bench:compare', () => {
  it('measures every case and writes its figures', { timeout: 120_000 }, async context => {
    skipWithoutPrograms(context);
    await using command = new CompareCommand([...TINY, ...SIGNED]);
    expect(await command.ended, command.err).toBe(0);
    const result: CompareResult = JSON.parse(readFileSync(command.jsonFile, 'utf8'));
    expect(result).toMatchObject({ rounds: 1, missing: [] });
    expect(result.cases.map(({ name }) => name)).toEqual(allCases([]).map(({ name }) => name));
    for (const found of result.cases) {
      expect(found.voidRounds, found.name).toEqual([]);
      expect(found.requestsPerSecond, found.name).toBeGreaterThan(0);
      expect(found.cpuMicrosPerRequest, found.name).toBeGreaterThan(0);
      expect(found.p99Ms, found.name).toBeGreaterThan(0);
    }
    expect(result.ratios.map(({ name }) => name)).toContain('ours-signed / fastify-signed');
    expect(command.processesLeft()).toEqual([]);
    expect(command.filesLeft()).toEqual([]);
  });

  it('runs the gateway of another checkout beside this one', { timeout: 60_000 }, async context => {
    skipWithoutPrograms(context);
    const other = otherCheckout();
    symlinkSync(join(ROOT, 'src'), join(other, 'src'));
    const only = ['--only', 'ours-forward,ours-forward@other'];
    await using command = new CompareCommand([...TINY, ...only, '--gateway-dir', other]);
    expect(await command.ended, command.err).toBe(0);
    const result: CompareResult = JSON.parse(readFileSync(command.jsonFile, 'utf8'));
    expect(result.gateways.map(({ suffix }) => suffix)).toEqual(['', '@other']);
    expect(result.ratios.map(({ name }) => name)).toContain('ours-forward@other / ours-forward');
  });

  it('tells a gateway that cannot start from one that is slow', {
    timeout: 60_000,
  }, async context => {
    skipWithoutPrograms(context);
    const other = otherCheckout();
    mkdirSync(join(other, 'src'));
    writeFileSync(join(other, 'src/gateway-process.ts'), "throw new Error('no such gateway');");
    const only = ['--only', 'ours-forward@other'];
    await using command = new CompareCommand([...TINY, ...only, '--gateway-dir', other]);
    expect(await command.ended).toBe(1);
    const result: CompareResult = JSON.parse(readFileSync(command.jsonFile, 'utf8'));
    expect(result.cases).toMatchObject([
      {
        rounds: [],
        voidRounds: [{ round: 1, reason: expect.stringContaining('no such gateway') }],
      },
    ]);
    expect(command.out).toContain('VOID: ours-forward@other');
    expect(command.filesLeft()).toEqual([]);
  });

  it('leaves nothing behind after Ctrl-C', { timeout: 60_000 }, async context => {
    skipWithoutPrograms(context);
    await using command = new CompareCommand(LONG);
    await measuring(command);
    command.process.kill('SIGINT');
    expect(await command.ended).toBe(130);
    expect(command.err).toContain('interrupted');
    expect(command.processesLeft()).toEqual([]);
    expect(command.filesLeft()).toEqual([]);
  });

  it('leaves no process behind when it is killed', { timeout: 60_000 }, async context => {
    skipWithoutPrograms(context);
    await using command = new CompareCommand(LONG);
    await measuring(command);
    command.process.kill('SIGKILL');
    await command.ended;
    await eventually(() => command.processesLeft()).toEqual([]);
  });

  it('names the programs that are missing and ends with status 1', async () => {
    await using command = new CompareCommand([...TINY, '--only', 'ours-forward'], { PATH: '' });
    expect(await command.ended).toBe(1);
    const result: CompareResult = JSON.parse(readFileSync(command.jsonFile, 'utf8'));
    expect(result).toMatchObject({ cases: [], missing: expect.arrayContaining(['wrk']) });
    expect(command.err).toContain('install the package wrk');
    expect(command.err).toContain('scripts/install-test-tools.sh');
    expect(command.out).toContain('MISSING: wrk');
  });

  it('says how it is used', async () => {
    await using command = new CompareCommand(['--help']);
    expect(await command.ended).toBe(0);
    expect(command.out).toMatch(/^usage: npm run bench:compare/);
  });

  it('ends with status 2 for what does not exist or would outlast its signatures', async () => {
    await using unknown = new CompareCommand(['--only', 'envoy']);
    expect(await unknown.ended).toBe(2);
    await using elsewhere = new CompareCommand(['--gateway-dir', unknown.folder]);
    expect(await elsewhere.ended).toBe(2);
    expect(elsewhere.err).toContain('has no src/gateway-process.ts');
    await using tooLong = new CompareCommand([
      '--rounds',
      '100',
      '--only',
      'ours-forward,ours-signed,ours-signed-single',
    ]);
    expect(await tooLong.ended).toBe(2);
    expect(tooLong.err).toContain('signatures are good for one hour');
  });
});
