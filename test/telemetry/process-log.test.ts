import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createProcessLog } from '../../src/telemetry/process-log.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'process-log-'));
  file = join(folder, 'process.log');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function records(): Promise<Record<string, unknown>[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.map(line => JSON.parse(line));
}

it('the process log writes JSON lines from its level upwards', async () => {
  const log = createProcessLog({ logLevel: 'warn' }, file);
  log.info('not this');
  log.warn({ upstream: 'core' }, 'this');
  expect(await records()).toMatchObject([{ level: 40, upstream: 'core', msg: 'this' }]);
});

it('the process log redacts secrets at every depth it looks into', async () => {
  const log = createProcessLog({ logLevel: 'info' }, file);
  const secrets = { authorization: 'SECRET', 'signature-input': 'SECRET', token: 'SECRET' };
  log.info({ ...secrets, request: { ...secrets, inner: secrets, id: 'shown' } }, 'all');
  log.error({ err: Object.assign(new Error('failed'), { privateKey: 'SECRET' }) }, 'error');
  const content = await readFile(file, 'utf8');
  expect(content).not.toContain('SECRET');
  expect(await records()).toMatchObject([
    { token: '[redacted]', request: { id: 'shown', inner: { token: '[redacted]' } } },
    { err: { message: 'failed', privateKey: '[redacted]' } },
  ]);
});

it('the process log drops lines that cannot be written', () => {
  const log = createProcessLog({ logLevel: 'info' }, '/dev/full');
  for (let i = 0; i < 100; i += 1) expect(() => log.error('nowhere')).not.toThrow();
});
