import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord, RequestsAnswer } from '../../src/telemetry/request-record.ts';
import { AdminStub } from './admin-stub.ts';
import { runCli } from './run-cli.ts';

const RECORD: RequestRecord = {
  requestId: 'abc',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  endedAtMs: 1_700_000_000_123,
  front: 1,
  method: 'POST',
  path: '/orders/v1/orders',
  status: 504,
  problem: 'upstream-timeout',
  step: 'forward',
  app: 'shop',
  partner: 'nebula',
  key: 'shop-rsa',
  scheme: 'rfc9421',
  operation: 'orders.create',
  plan: 'standard',
  upstream: 'core',
  target: 'core.bank.example:8443',
  attempts: 2,
  replayed: false,
  aborted: false,
  source: '192.0.2.7',
  requestBytes: 540,
  responseBytes: 310,
  stageMs: { body: 10, verify: 20, upstream: 60, total: 100 },
};
const MEMORY = { sinceMs: 1_700_000_000_000, bytes: 5_000, maxBytes: 33_554_432 };

let stub: AdminStub;
beforeAll(async () => {
  stub = await AdminStub.start();
});
afterAll(() => stub.close());

function answer(path: string, ...items: readonly RequestRecord[]): void {
  const body: RequestsAnswer = { items, memory: MEMORY };
  stub.answers.set(path, { text: JSON.stringify(body) });
}

const requests = (...arguments_: string[]) =>
  runCli(['requests', ...arguments_, '--admin', stub.url]);

describe('xingyun requests', () => {
  it('shows one request: who, what, why, and a bar of its stages', async () => {
    answer('/v1/requests/abc', RECORD);
    const { status, stdout } = await requests('abc');
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        '2023-11-14T22:13:20.123Z  504  100.000 ms  POST /orders/v1/orders',
        '  request abc, trace 4bf92f3577b34da6a3ce929d0e0e4736',
        '  app shop of nebula, key shop-rsa (rfc9421), from 192.0.2.7, front 1',
        '  operation orders.create, plan standard',
        '  upstream core at core.bank.example:8443, 2 attempts',
        '  problem upstream-timeout at forward, 540 bytes in, 310 out',
        `  |${'b'.repeat(6)}${'v'.repeat(12)}${'u'.repeat(36)}${'.'.repeat(6)}|`,
        '  b body 10.000 ms, v verify 20.000 ms, u upstream 60.000 ms, . elsewhere 10.000 ms',
        '',
        'kept since 2023-11-14T22:13:20.000Z',
        '',
      ].join('\n'),
    );
  });

  it('asks for what its options say', async () => {
    const path =
      '/v1/requests?order=slowest&limit=5&app=shop&operation=orders.create' +
      '&problem=upstream-timeout&source=192.0.2.7&beforeMs=1700000000000';
    answer(path, RECORD, { ...RECORD, requestId: 'def' });
    const options = ['--app', 'shop', '--operation', 'orders.create', '--slowest', '--limit', '5'];
    const more = ['--problem', 'upstream-timeout', '--source', '192.0.2.7'];
    const before = ['--before', '2023-11-14T22:13:20Z'];
    const { status, stdout } = await requests(...options, ...more, ...before, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).items).toHaveLength(2);
  });

  it('says that nothing was found, and that nothing is kept', async () => {
    answer('/v1/requests?order=latest&limit=20');
    expect((await requests()).stdout).toBe(
      'nothing found among the requests since 2023-11-14T22:13:20.000Z\n',
    );
    const off = { items: [], memory: { ...MEMORY, maxBytes: 0 } };
    stub.answers.set('/v1/requests?order=latest&limit=20', { text: JSON.stringify(off) });
    expect((await requests()).stdout).toContain('telemetry.recentRequestsMaxBytes is 0');
  });

  it('writes nothing to the terminal that would steer it', async () => {
    answer('/v1/requests/x', { ...RECORD, path: '/a\u001b[2J\u202e' });
    const { stdout } = await requests('x');
    expect(stdout).toContain('/a?[2J?\n');
  });

  it('shows a request of somebody unknown who left before an answer', async () => {
    const { requestId, endedAtMs, front, method, path, source } = RECORD;
    const bare = { requestId, endedAtMs, front, method, path, source, step: 'verify' } as const;
    const figures = { attempts: 0, requestBytes: 0, responseBytes: 0, stageMs: {} };
    answer('/v1/requests/y', { ...bare, ...figures, status: 0, replayed: false, aborted: true });
    const { stdout } = await requests('y');
    expect(stdout).toContain('no answer');
    expect(stdout).toContain('nobody known, from 192.0.2.7, front 1');
    expect(stdout).toContain('the caller left at verify');
  });

  it('fails where no request has the id', async () => {
    const problem = { type: 'about:blank', title: 'No such record', status: 404, code: 'missing' };
    stub.answers.set('/v1/requests/gone', { status: 404, text: JSON.stringify(problem) });
    const { status, stderr } = await requests('gone');
    expect(status).toBe(1);
    expect(stderr).toContain('404 missing');
  });

  it.each([
    ['abc', '--slowest'],
    ['--limit', '201'],
    ['--before', 'soon'],
  ])('is used wrongly with %j %j', async (...arguments_) => {
    expect((await requests(...arguments_)).status).toBe(2);
  });
});
