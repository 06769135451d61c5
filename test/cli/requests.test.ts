import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestRecord, RequestsAnswer } from '../../src/telemetry/request-record.ts';
import type { TopAnswer } from '../../src/telemetry/top-names.ts';
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
    ['--top', 'weather'],
    ['--top', 'app', '--app', 'shop'],
    ['abc', '--top', 'app'],
    ['--top', 'app', '--slowest', '--refused'],
    ['--top', 'app', '--window', '86401'],
    ['--refused'],
    ['--window', '60'],
  ])('is used wrongly with %j %j %j %j', async (...arguments_) => {
    expect((await requests(...arguments_)).status).toBe(2);
  });
});

describe('xingyun requests --top', () => {
  const top: TopAnswer = {
    ...{ windowSeconds: 60, coveredSeconds: 40 },
    items: [
      { name: 'orders.create', exchanges: 300, refused: 30, meanMs: 14.913, p99Ms: 27.647 },
      { name: 'rates\u001b[2J', exchanges: 10, refused: 0, meanMs: 1, p99Ms: 2.5 },
    ],
    other: { exchanges: 4, refused: 0, meanMs: 1, p99Ms: 2 },
    unnamed: { exchanges: 2, refused: 2, meanMs: 0.5, p99Ms: 0.6 },
    memory: MEMORY,
  };
  const byRefusals = '/v1/top?by=operation&order=refused&windowSeconds=60&limit=2';

  it('shows a line for each name, with what is left', async () => {
    stub.answers.set(byRefusals, { text: JSON.stringify(top) });
    const options = ['--top', 'operation', '--refused', '--window', '60', '--limit', '2'];
    const { status, stdout } = await requests(...options);
    expect(status).toBe(0);
    expect(stdout.split('\n').map(line => line.trim().split(/ {2,}/))).toEqual([
      ['operation', 'requests', 'a second', 'refused', 'refused %', 'mean ms', 'p99 ms'],
      ['orders.create', '300', '7.50', '30', '10.0', '14.913', '27.647'],
      ['rates?[2J', '10', '0.250', '0', '0.0', '1.000', '2.500'],
      ['all others', '4', '0.100', '0', '0.0', '1.000', '2.000'],
      ['without an operation', '2', '0.0500', '2', '100.0', '0.500', '0.600'],
      ['40.0 s of the last 60 s'],
      [''],
    ]);
    const widths = stdout
      .split('\n')
      .slice(0, 5)
      .map(line => line.length);
    expect(new Set(widths).size).toBe(1);
  });

  it('asks for the most requests of five minutes where nothing else is said', async () => {
    const path = '/v1/top?by=source&order=exchanges&windowSeconds=300&limit=20';
    stub.answers.set(path, { text: JSON.stringify(top) });
    const { stdout } = await requests('--top', 'source', '--json');
    expect(JSON.parse(stdout)).toEqual(top);
  });

  it('asks for the slowest by their p99', async () => {
    const path = '/v1/top?by=app&order=slowest&windowSeconds=300&limit=20';
    stub.answers.set(path, { text: JSON.stringify({ ...top, items: [] }) });
    expect((await requests('--top', 'app', '--slowest')).stdout).toContain('without an app');
  });

  it('says that there was nothing, and that nothing is kept', async () => {
    const path = '/v1/top?by=problem&order=exchanges&windowSeconds=300&limit=20';
    const { other: _, unnamed: __, ...rest } = top;
    const none = { ...rest, items: [] };
    stub.answers.set(path, { text: JSON.stringify(none) });
    const ask = () => requests('--top', 'problem');
    expect((await ask()).stdout).toBe('no requests in 40.0 s of the last 60 s\n');
    const off = { ...none, memory: { ...MEMORY, maxBytes: 0 } };
    stub.answers.set(path, { text: JSON.stringify(off) });
    expect((await ask()).stdout).toContain('telemetry.recentRequestsMaxBytes is 0');
  });
});
