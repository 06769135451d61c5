import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STEP_NAMES } from '../../src/control-plane/certification/steps.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { DEMO_NEWCOMER } from '../../src/demo/partners.ts';
import { runCli } from '../cli/run-cli.ts';
import { TestGateway } from '../support/gateway.ts';

const { id: PARTNER, appId: APP, keys } = DEMO_NEWCOMER;
const [FIRST_KEY, SECOND_KEY] = keys.map(({ id }) => id) as [string, string];
const ECHO = '/sandbox/v1/echo';
/** A whole run, with what a busy machine may take besides. */
const RUN_MAX_MS = 60_000;

let bank: DemoBank;
let gateway: TestGateway;
let dir: string;
const token = randomBytes(32).toString('base64url');

beforeAll(async () => {
  bank = await createDemoBank();
  dir = mkdtempSync(join(tmpdir(), 'certification-'));
  const tokenSha256 = createHash('sha256').update(token).digest('hex');
  const operatorsFile = join(dir, 'operators.yaml');
  const operators = [{ id: 'ann', roles: ['partner-manager'], tokenSha256 }];
  writeFileSync(operatorsFile, JSON.stringify({ operators }), { mode: 0o600 });
  writeFileSync(join(dir, 'token'), token, { mode: 0o600 });
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: { registry: { store: 'sqlite' }, admin: { operatorsFile } },
  });
}, RUN_MAX_MS);

afterAll(async () => {
  await gateway?.dispose();
  await bank?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function admin(method: string, path: string, body?: object) {
  const response = await fetch(gateway.adminUrl + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: response.status, body: (await response.json()) as any };
}

const move = (to: string) =>
  admin('POST', `/v1/partners/${PARTNER}/transitions`, { to, reason: 'a test' });

const clientFile = (keyId: string) => gateway.files.clientFiles.get(keyId)!;

function certify(...options: readonly string[]) {
  return runCli([
    'certify',
    ...['--client-file', clientFile(FIRST_KEY), '--base-url', gateway.url],
    ...['--second-client-file', clientFile(SECOND_KEY), '--suite', gateway.files.suiteFile],
    ...['--admin', gateway.adminUrl, '--token-file', join(dir, 'token'), '--json'],
    ...options,
  ]);
}

/** Status and problem code of a call of the newcomer. */
async function call(path = ECHO, requestId = 'not-of-a-run') {
  const headers = { 'x-request-id': requestId };
  const response = await gateway.client(FIRST_KEY).fetch(path, { headers });
  const body = (await response.json()) as { readonly code?: string };
  return { status: response.status, code: body.code };
}

/** Calls, one after the other, whose signatures name a key of the app and are worth nothing. */
class Flood {
  private readonly socket: Socket;
  private answers = 0;

  constructor(port: number, ids: readonly string[]) {
    const params = `created=1;nonce="n";keyid="${FIRST_KEY}"`;
    const requestOf = (id: string) =>
      [
        `GET ${ECHO} HTTP/1.1`,
        `host: 127.0.0.1:${port}`,
        `x-request-id: ${id}`,
        `signature-input: sig=("@method" "@target-uri");${params}`,
        'signature: sig=:AAAA:\r\n\r\n',
      ].join('\r\n');
    const send = () => {
      this.socket.write(requestOf(`${ids[this.answers % ids.length]}.flood-${this.answers}`));
    };
    this.socket = connect(port, '127.0.0.1', send);
    this.socket.on('error', () => undefined);
    this.socket.on('data', chunk => {
      if (!String(chunk).startsWith('HTTP/1.1 4')) return;
      this.answers += 1;
      send();
    });
  }

  /** How many were answered. */
  stop(): number {
    this.socket.destroy();
    return this.answers;
  }
}

describe('an app that is certified', () => {
  it('fails the run where it repeats blindly, and says so', { timeout: RUN_MAX_MS }, async () => {
    const opened = await admin('POST', '/v1/certifications', { app: APP });
    expect(opened.status).toBe(201);
    const run = opened.body.id;
    for (const n of [1, 2]) {
      expect(
        await call(`${ECHO}?demo-fault=status-422`, `${run}.error-handling.x${n}`),
      ).toMatchObject({ status: 422 });
    }
    const result = await certify('--run', run);
    expect(result.status, result.stderr).toBe(1);
    const { verdict } = JSON.parse(result.stdout);
    expect(verdict.state).toBe('failed');
    const failed = verdict.steps.filter(({ state }: { state: string }) => state !== 'passed');
    expect(failed.map(({ name }: { name: string }) => name)).toEqual(['error-handling']);
    expect((await move('production')).status).toBe(409);
  });

  it('passes, and its partner goes into production', { timeout: RUN_MAX_MS }, async () => {
    const result = await certify('--app', APP);
    expect(result.status, result.stderr + result.stdout).toBe(0);
    const { run, steps, verdict } = JSON.parse(result.stdout);
    expect(steps.every(({ isAsExpected }: { isAsExpected: boolean }) => isAsExpected)).toBe(true);
    expect(verdict).toMatchObject({ id: run, app: APP, partner: PARTNER, state: 'passed' });
    expect(verdict.steps.map(({ name }: { name: string }) => name)).toEqual(STEP_NAMES);
    const { body } = await admin('GET', `/v1/certifications?app=${APP}&state=passed`);
    expect(body.items.map(({ id }: { id: string }) => id)).toEqual([run]);
    const moved = await move('production');
    expect(moved).toMatchObject({ status: 200, body: { state: 'production' } });
    const headers = { authorization: `Bearer ${token}` };
    const metrics = await fetch(`${gateway.adminUrl}/metrics`, { headers });
    expect(await metrics.text()).toMatch(/^xingyun_observations_dropped_total(\{.*\})? 0$/m);
  });
});

describe('a run beside a flood of calls that prove nothing', () => {
  it('passes, whether they name other runs or this one', { timeout: RUN_MAX_MS }, async () => {
    const run = (await admin('POST', '/v1/certifications', { app: APP })).body.id as string;
    const others = `cert-${'f'.repeat(24)}`;
    const ids = [`${others}.rotation`, ...STEP_NAMES.map(step => `${run}.${step}`)];
    const floods = Array.from({ length: 8 }, () => new Flood(gateway.port, ids));
    const result = await certify('--run', run);
    const answers = floods.map(flood => flood.stop());
    expect(result.status, result.stderr + result.stdout).toBe(0);
    const { verdict } = JSON.parse(result.stdout);
    expect(verdict.state).toBe('passed');
    for (const count of answers) expect(count).toBeGreaterThan(100);
  });
});

describe('a partner that is suspended', () => {
  it('is refused in every front with the answer, and let in again', async () => {
    expect(await call()).toMatchObject({ status: 200 });
    expect(await move('suspended')).toMatchObject({ status: 200, body: { state: 'suspended' } });
    for (let i = 0; i < 8; i += 1) {
      expect(await call()).toEqual({ status: 403, code: 'app-inactive' });
    }
    const { next } = (await admin('GET', `/v1/partners/${PARTNER}/onboarding`)).body;
    expect(next.map(({ to }: { to: string }) => to)).toEqual(['production', 'closed']);
    expect((await move('production')).status).toBe(200);
    await expect.poll(async () => (await call()).status).toBe(200);
  });
});

describe('a partner that is closed', () => {
  it('has no key and no subscription any more, and stays closed', async () => {
    expect(await move('closed')).toMatchObject({
      status: 200,
      body: { state: 'closed', next: [] },
    });
    expect(await call()).toEqual({ status: 401, code: 'key-inactive' });
    const { items } = (await admin('GET', `/v1/subscriptions?app=${APP}`)).body;
    for (const { status } of items) expect(status).toBe('ended');
    expect((await move('production')).status).toBe(409);
    expect((await admin('POST', '/v1/certifications', { app: APP })).status).toBe(409);
  });
});
