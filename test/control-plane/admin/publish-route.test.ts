import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AdminListener, createAdminListener } from '../../../src/control-plane/admin/index.ts';
import type { PublishOptions } from '../../../src/control-plane/admin/publish-route.ts';
import type { OperatorDirectory } from '../../../src/control-plane/operators/operator-directory.ts';
import { EventJournalError } from '../../../src/stores/contracts.ts';
import { TelemetryReader } from '../../../src/telemetry/telemetry-reader.ts';
import { aConsole, CONFIG_ADMIN, holding } from './admin-fixture.ts';
import { aPublishing, type Publishing } from './publishing-fixture.ts';

const PUBLISHER = 'publisher-token-0123456789';
const OPERATOR = 'operator-token-0123456789';
const EVENT = { topic: 'transfer-status', partner: 'nebula-pay', id: 'trf-7:completed', data: {} };

let listener: AdminListener;
let publishing: Publishing;
let bugs: unknown[];

interface Tokens {
  readonly config?: typeof CONFIG_ADMIN;
  readonly operators?: () => OperatorDirectory;
  readonly publisherToken?: string | undefined;
}

async function start(
  tokens: Tokens = { publisherToken: PUBLISHER },
  more: Partial<PublishOptions> = {},
): Promise<void> {
  bugs = [];
  listener = await createAdminListener({
    config: CONFIG_ADMIN,
    ...tokens,
    publishing: { ...publishing, ...more },
    ...aConsole(),
    readiness: () => ({ ready: true, reasons: [] }),
    telemetry: new TelemetryReader(),
    facts: () => {
      throw new Error('not asked here');
    },
    reportBug: error => bugs.push(error),
  });
}

beforeEach(() => {
  publishing = aPublishing();
});
afterEach(() => listener.close());

interface Call {
  readonly authorization?: string | undefined;
  readonly method?: string;
  readonly contentType?: string;
}

async function post(body: unknown, call: Call = {}) {
  const { method = 'POST', contentType = 'application/json' } = call;
  const authorization = 'authorization' in call ? call.authorization : `Bearer ${PUBLISHER}`;
  const headers: Record<string, string> = { 'content-type': contentType };
  if (authorization !== undefined) headers.authorization = authorization;
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await fetch(`http://127.0.0.1:${listener.port}/v1/events`, {
    method,
    headers,
    ...(method === 'GET' ? {} : { body: sent as string }),
  });
  const answer = (await response.json()) as { events: readonly object[] };
  return { status: response.status, headers: response.headers, body: answer };
}

/** The status and code of a refusal, its form checked; nothing may have been appended. */
async function refusal(body: unknown, call: Call = {}) {
  const { status, headers, body: document } = await post(body, call);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(document).toMatchObject({ status, title: expect.any(String) });
  expect(publishing.journal.head).toBe(0);
  return document as unknown as { status: number; code: string; detail: string };
}

describe('a publication', () => {
  it('is answered with cursors when its events are in the journal', async () => {
    await start();
    const { journalId } = publishing.journal;
    const other = { topic: 'notices', id: 'n-1', time: '2026-11-26T09:00:00+08:00', data: [1] };
    const { status, body } = await post({ events: [EVENT, other] });
    expect(status).toBe(200);
    expect(body).toEqual({
      events: [
        { id: 'trf-7:completed', cursor: `${journalId}.1`, duplicate: false },
        { id: 'n-1', cursor: `${journalId}.2`, duplicate: false },
      ],
    });
    expect(publishing.broadcasts).toEqual([
      [
        {
          topic: 'transfer-status',
          partnerId: 'nebula-pay',
          id: 'trf-7:completed',
          time: new Date(publishing.clock.wallMs()).toISOString(),
          data: '{}',
          sequence: 1,
        },
        {
          topic: 'notices',
          partnerId: undefined,
          id: 'n-1',
          time: '2026-11-26T01:00:00.000Z',
          data: '[1]',
          sequence: 2,
        },
      ],
    ]);
  });

  it('names the first cursor of an event that is published again', async () => {
    await start();
    const first = await post({ events: [EVENT] });
    const again = await post({ events: [{ ...EVENT, data: 'other' }] });
    expect(again.body.events[0]).toEqual({ ...first.body.events[0], duplicate: true });
    expect(publishing.broadcasts).toHaveLength(1);
  });

  it('hands its data on as it was written', async () => {
    await start();
    const data = '{ "n": 12345678901234567890.10, "2": 0, "1": "\\u661f",\n "e": 1E400 }';
    const body = `{"events":[{"data":${data} ,"topic":"notices","id":"a"}]}`;
    expect((await post(body)).status).toBe(200);
    expect(publishing.broadcasts[0]![0]!.data).toBe(data);
  });

  it('may be made with the operators’ token as well', async () => {
    await start(holding(OPERATOR));
    expect((await post({ events: [EVENT] }, { authorization: `Bearer ${OPERATOR}` })).status).toBe(
      200,
    );
  });

  it('is taken up to its limit of events and bytes', async () => {
    publishing = aPublishing({ publishMax: 3, eventMaxBytes: 256 });
    await start();
    const data = 'x'.repeat(254);
    const events = [1, 2, 3].map(n => ({ topic: 'notices', id: `n-${n}`, data }));
    expect((await post({ events })).status).toBe(200);
  });
});

describe('a publication is refused', () => {
  it.each([
    ['no token', undefined],
    ['a wrong token', 'Bearer wrong'],
    ['half of the token', `Bearer ${PUBLISHER.slice(0, -1)}`],
    ['another scheme', `Basic ${PUBLISHER}`],
    ['the bare token', PUBLISHER],
  ])('with %s, on loopback too', async (_name, authorization) => {
    for (const tokens of [
      { publisherToken: PUBLISHER },
      { ...holding(OPERATOR), publisherToken: PUBLISHER },
    ]) {
      await start(tokens);
      const { headers } = await post({ events: [EVENT] }, { authorization });
      expect(headers.get('www-authenticate')).toMatch(/^Bearer /);
      const { status, code } = await refusal({ events: [EVENT] }, { authorization });
      expect([status, code]).toEqual([401, 'unauthorized']);
      await listener.close();
    }
    await start();
  });

  it('where no token is configured', async () => {
    await start({});
    const { status, code, detail } = await refusal({ events: [EVENT] });
    expect([status, code]).toEqual([403, 'publishing-disabled']);
    expect(detail).toContain('events.publisherTokenFile');
  });

  it('before its body is read, where the token is wrong', async () => {
    await start();
    const call = { authorization: 'Bearer wrong' };
    expect((await refusal('{"events":', call)).code).toBe('unauthorized');
    expect((await refusal('x'.repeat(1_000_000), call)).code).toBe('unauthorized');
  });

  it.each(['GET', 'PUT', 'DELETE'])('by %s', async method => {
    await start();
    const { headers } = await post({ events: [EVENT] }, { method });
    expect(headers.get('allow')).toBe('POST');
    const { status, code } = await refusal({ events: [EVENT] }, { method });
    expect([status, code]).toEqual([405, 'method-not-allowed']);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"events":['],
    ['JSON behind JSON', '{"events":[]}{}'],
    ['bytes that are no UTF-8', Buffer.from('{"events":[{"id":"\xff"}]}', 'latin1')],
    ['a list', [EVENT]],
    ['no events', {}],
    ['an empty list', { events: [] }],
    ['a further member', { events: [EVENT], more: 1 }],
    ['events that are no objects', { events: ['x'] }],
  ])('with %s as its body', async (_name, body) => {
    await start();
    const { status, code } = await refusal(body);
    expect([status, code]).toEqual([400, 'malformed-request']);
  });

  it('as text of another type', async () => {
    await start();
    const body = JSON.stringify({ events: [EVENT] });
    for (const contentType of ['text/plain', 'application/x-www-form-urlencoded']) {
      const { code, detail } = await refusal(body, { contentType });
      expect(code).toBe('malformed-request');
      expect(detail).toContain('application/json');
    }
    expect((await post(body, { contentType: 'application/json; charset=utf-8' })).status).toBe(200);
  });

  it('beyond its limits of events and of bytes', async () => {
    publishing = aPublishing({ publishMax: 3, eventMaxBytes: 256 });
    await start();
    const events = [1, 2, 3, 4].map(n => ({ topic: 'notices', id: `n-${n}`, data: n }));
    expect(await refusal({ events })).toMatchObject({ status: 400, code: 'malformed-request' });
    const large = { topic: 'notices', id: 'n', data: 'x'.repeat(255) };
    const { status, code, detail } = await refusal({ events: [events[0], large] });
    expect([status, code]).toEqual([413, 'body-too-large']);
    expect(detail).toContain('events[1].data');
    const spaces = ' '.repeat(3 * (256 + 1_024));
    expect((await refusal(`{"events":[]}${spaces}`)).code).toBe('body-too-large');
  });

  it('for an id that is another partner’s, with all its events', async () => {
    await start();
    const notice = { topic: 'notices', id: 'n-1', data: 1 };
    await post({ events: [EVENT, notice] });
    const other = { ...EVENT, partner: 'ledgerworks' };
    const { status, headers, body } = await post({ events: [{ ...notice, id: 'n-2' }, other] });
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect([status, body]).toMatchObject([422, { status, code: 'event-invalid' }]);
    expect((body as unknown as { detail: string }).detail).toContain('events[1]');
    expect([publishing.journal.head, publishing.broadcasts.length]).toEqual([2, 1]);
    expect([publishing.failures, bugs]).toEqual([[], []]);
    expect((await post({ events: [{ ...other, id: 'of-its-own' }] })).status).toBe(200);
    await expect.poll(() => publishing.counters.get('event_publications_refused')).toBe(1);
  });

  it('where too much is being published at once', async () => {
    publishing = aPublishing({ publishMax: 5_000, eventMaxBytes: 1_048_576 });
    await start();
    const head = (length: number) =>
      `POST /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${PUBLISHER}\r\n` +
      `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;
    const sockets = [67_000_000, 67_000_000].map(length => {
      const socket = connect(listener.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`${head(length)}{`);
      return socket;
    });
    const full = async () =>
      (await post({ events: [{ ...EVENT, data: 'x'.repeat(500_000) }] })).status;
    await expect.poll(full).toBe(503);
    expect((await refusal({ events: [{ ...EVENT, data: 'x'.repeat(500_000) }] })).code).toBe(
      'overloaded',
    );
    for (const socket of sockets) socket.destroy();
    await expect.poll(full).toBe(200);
  });

  it('for a Host field that does not name loopback', async () => {
    await start();
    const socket = connect(listener.port, '127.0.0.1');
    socket.write(
      `POST /v1/events HTTP/1.1\r\nhost: evil.example\r\nauthorization: Bearer ${PUBLISHER}\r\n` +
        'content-length: 0\r\nconnection: close\r\n\r\n',
    );
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /);
  });
});

describe('the publisher token', () => {
  it('opens nothing else', async () => {
    await start({ ...holding(OPERATOR), publisherToken: PUBLISHER });
    for (const path of ['/healthz', '/metrics', '/v1/info', '/nothing', '/v1/events']) {
      const headers = { authorization: `Bearer ${PUBLISHER}` };
      const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, { headers });
      expect(response.status, path).toBe(401);
    }
  });

  it('is not empty', async () => {
    await expect(start({ publisherToken: '' })).rejects.toThrow('publisherTokenFile');
    await start();
  });
});

describe('a journal that takes nothing', () => {
  it.each(['full', 'failed'] as const)('(%s) is told with 503, and why in the log', async why => {
    const error = new EventJournalError(why, 'SECRET');
    await start(undefined, { publish: () => Promise.reject(error) });
    const { headers } = await post({ events: [EVENT] });
    expect(headers.get('retry-after')).toBe('1');
    const { status, code, detail } = await refusal({ events: [EVENT] });
    expect([status, code]).toEqual([503, 'journal-unavailable']);
    expect(detail).not.toContain('SECRET');
    expect(publishing.failures).toEqual([error, error]);
    expect(bugs).toEqual([]);
  });

  it('by a bug of ours is told as one', async () => {
    const bug = new TypeError('SECRET');
    await start(undefined, { publish: () => Promise.reject(bug) });
    expect((await refusal({ events: [EVENT] })).code).toBe('internal-error');
    expect(bugs).toEqual([bug]);
  });
});

describe('the counters', () => {
  it('tell what was refused from what was published', async () => {
    await start();
    await post({ events: [EVENT] });
    await post({ events: [EVENT, { ...EVENT, id: 'b' }] });
    await post({ events: [] });
    await post({ events: [{ ...EVENT, topic: 'nothing' }] });
    await post({ events: [EVENT] }, { authorization: undefined });
    const { counters } = publishing;
    await expect.poll(() => counters.get('event_publications_refused')).toBe(3);
    expect(counters.get('events_published')).toBe(2);
    expect(counters.get('events_duplicate')).toBe(1);
    expect(counters.get('event_journal_events')).toBe(2);
    expect(counters.get('event_commits')).toBe(2);
  });
});
