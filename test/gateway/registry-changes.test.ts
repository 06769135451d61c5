/** The registry of a running gateway: changed over the admin API and as a file, and kept. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { TestGateway } from '../support/gateway.ts';
import { type AdminAnswer, TestOperators } from '../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../support/partner-traffic.ts';

const KEY = 'creditlens-ed25519';
const FRONTS = 2;
/** How long after its confirmation a revoked key may still be accepted. */
const REVOKED_WITHIN_MS = 100;
/** With one connection each, both fronts have some of them but for one try in 2^31. */
const CALLERS = 32;

let bank: DemoBank;
let gateway: TestGateway;
let operators: TestOperators;

beforeAll(async () => {
  bank = await createDemoBank();
  operators = new TestOperators({ wei: ['operator'], ana: ['auditor'], vic: ['viewer'] });
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      registry: { store: 'sqlite' },
      admin: { operatorsFile: operators.file },
      fronts: { count: FRONTS },
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  operators?.dispose();
  await bank?.close();
});

type Change = readonly [method: string, path: string, body?: unknown];

function ask([method, path, body]: Change, headers?: Record<string, string>, who = 'wei') {
  return operators.ask(who, gateway.adminUrl + path, method, body, headers);
}

/** With the version that the record has now. */
async function change(...[method, path, body]: Change): Promise<AdminAnswer> {
  const { headers } = await ask(['GET', path]);
  return ask([method, `${path}?wait=10000`, body], { 'if-match': headers.get('etag')! });
}

function cli(...args: readonly string[]) {
  const admin = ['--admin', gateway.adminUrl, '--token-file', operators.tokenFile('wei')];
  return runCli([...args, ...admin]);
}

const fileOf = (name: string) => join(gateway.files.dir, name);

/** Of a call without a signature. */
async function codeOf(path: string): Promise<unknown> {
  const answer = await fetch(gateway.url + path);
  return ((await answer.json()) as { code: unknown }).code;
}

async function exported(): Promise<Record<string, Record<string, unknown>[]>> {
  const { stdout } = await cli('registry', 'export');
  return parse(stdout);
}

async function apply(registry: unknown, ...options: readonly string[]) {
  writeFileSync(fileOf('applied.yaml'), stringify(registry));
  const { status, stdout, stderr } = await cli(
    ...['registry', 'apply', fileOf('applied.yaml'), '--json', ...options],
  );
  return { status, stderr, result: stdout === '' ? undefined : JSON.parse(stdout) };
}

describe('a key that is revoked', () => {
  it('is refused by every front within 100 ms of the confirmation', async () => {
    const callers = Array.from(
      { length: CALLERS },
      () => new PartnerTraffic(gateway, { keyId: KEY, connections: 1 }),
    );
    let stopped = false;
    const accepted: number[] = [];
    const codes = new Set<string | undefined>();
    const loops = callers.map(async caller => {
      while (!stopped) {
        const sentMs = performance.now();
        const { status, code } = await caller.call(ACCOUNTS);
        if (status === 200) accepted.push(sentMs);
        else codes.add(code);
      }
    });
    await expect.poll(() => accepted.length).toBeGreaterThan(CALLERS * 4);
    const answer = await ask(['POST', `/v1/keys/${KEY}/revoke`, { reason: 'Lost' }]);
    const confirmedMs = performance.now();
    expect(answer.status).toBe(200);
    await new Promise(done => setTimeout(done, 4 * REVOKED_WITHIN_MS));
    stopped = true;
    await Promise.all(loops);
    await Promise.all(callers.map(caller => caller.close()));
    expect([...codes]).toEqual(['key-inactive']);
    expect(Math.max(...accepted) - confirmedMs).toBeLessThan(REVOKED_WITHIN_MS);
  });
});

describe('the registry as a file', () => {
  it('applies as it was exported without a change', async () => {
    const { result } = await apply(await exported(), '--prune');
    expect(result.plan).toEqual([]);
  });

  it('shows a change, makes it, and every front serves it', async () => {
    const registry = await exported();
    const bankUpstream = registry.upstreams!.find(({ id }) => id === 'demo-bank')!;
    registry.apis!.push({
      ...{ id: 'rates', name: 'Rates', basePath: '/rates/v1', upstream: bankUpstream.id },
      operations: [{ id: 'read-rates', method: 'GET', path: '/rates', access: 'public' }],
    });
    const dry = await apply(registry, '--dry-run');
    const plan = [{ action: 'create', kind: 'api', id: 'rates', pointers: [] }];
    expect(dry).toMatchObject({ status: 0, result: { plan } });
    expect(await codeOf('/rates/v1/rates')).toBe('signature-missing');
    const differs = await cli('registry', 'diff', fileOf('applied.yaml'), '--exit-code');
    expect(differs).toMatchObject({ status: 1, stdout: expect.stringContaining('+ api rates') });
    const done = await apply(registry, '--wait', '--reason', 'Open data');
    expect(done).toMatchObject({ status: 0, result: { plan, served: true } });
    // The bank itself knows no such path, and says so in its own way.
    expect(await codeOf('/rates/v1/rates')).not.toBe('signature-missing');
    expect(dry.result.revision).toBe(done.result.revision - 1);
  });

  it('is refused as a whole, with each record that is wrong', async () => {
    const registry = await exported();
    registry.apps!.push({ id: 'lost', partner: 'nobody' });
    registry.partners!.push({ id: 'fine', name: 'Fine', class: 'supply-chain' });
    const { status, stderr } = await apply(registry);
    expect(status).toBe(1);
    expect(stderr).toContain('app/lost');
    expect((await ask(['GET', '/v1/partners/fine'])).status).toBe(404);
  });
});

describe('a change over the admin API', () => {
  it('is served when it is answered, and refused where somebody was quicker', async () => {
    const caller = new PartnerTraffic(gateway);
    expect((await caller.call(ACCOUNTS)).status).toBe(200);
    const path = '/v1/apps/nebula-pay-app';
    expect((await change('PATCH', path, { status: 'suspended' })).status).toBe(200);
    expect(await caller.call(ACCOUNTS)).toMatchObject({ status: 403, code: 'app-inactive' });
    const late = await ask(['PATCH', path, { status: 'active' }], { 'if-match': '"1"' });
    expect(late).toMatchObject({ status: 412 });
    expect((await change('PATCH', path, { status: 'active' })).status).toBe(200);
    expect((await caller.call(ACCOUNTS)).status).toBe(200);
    await caller.close();
  });

  it('wants an operator with the role', async () => {
    const path = '/v1/partners/nebula-pay';
    expect((await fetch(gateway.adminUrl + path)).status).toBe(401);
    expect((await ask(['GET', path], {}, 'vic')).status).toBe(200);
    const refused = await ask(['DELETE', path], { 'if-match': '"1"' }, 'vic');
    expect(refused).toMatchObject({ status: 403, body: { code: 'role-insufficient' } });
  });

  it('is there after the process was killed, and in an audit log that verifies', async () => {
    const product = '/v1/products/sandbox';
    const { body } = await change('PATCH', product, { name: 'Sandbox of the bank' });
    await gateway.end('SIGKILL');
    await gateway.boot();
    expect((await ask(['GET', product])).body).toEqual(body);
    const verified = await cli('audit', 'verify', '--json');
    expect(verified.status).toBe(0);
    const file = fileOf('audit.ndjson');
    expect((await cli('audit', 'export', '--output', file)).status).toBe(0);
    const { head } = JSON.parse(verified.stdout);
    const again = await runCli([
      'audit',
      'verify',
      file,
      '--head',
      `${head.sequence}:${head.hash}`,
    ]);
    expect(again.status).toBe(0);
    const log = readFileSync(file, 'utf8');
    expect(log).toContain('operator:wei');
    expect(log).not.toMatch(/v1\.k[0-9a-f]{8}\./);
  });
});

describe('a registry that is a file', () => {
  it('is shown and not changed', async () => {
    const fromFile = await TestGateway.start({
      upstreamPort: bank.port,
      config: { registry: { store: 'file' }, admin: { operatorsFile: operators.file } },
    });
    try {
      const path = `${fromFile.adminUrl}/v1/products/sandbox`;
      const { headers, status } = await operators.ask('wei', path);
      expect(status).toBe(200);
      const ifMatch = { 'if-match': headers.get('etag')! };
      const refused = await operators.ask('wei', path, 'PATCH', { name: 'Other' }, ifMatch);
      expect(refused).toMatchObject({ status: 409, body: { code: 'read-only' } });
    } finally {
      await fromFile.dispose();
    }
  });
});
