/** Payloads that are held against their schemas, as callers and the upstream meet them. */
import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Packr, unpack } from 'msgpackr';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPartnerClient } from '../../src/client/index.ts';
import { runCli } from '../cli/run-cli.ts';
import { type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { PartnerTraffic } from '../support/partner-traffic.ts';
import { addPayloadApi, payloadPath } from '../support/payload-api.ts';
import { RpcSession } from '../support/rpc-session.ts';

const ANSWER_MAX_BYTES = 200_000;
const packr = new Packr({ useRecords: false });
const PAYMENT = {
  type: 'object',
  required: ['amount', 'to'],
  properties: {
    amount: { type: 'string', pattern: '^[0-9]{1,9}\\.[0-9]{2}$' },
    to: { type: 'string', minLength: 4, 'x-data-class': 'personal' },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
  },
  additionalProperties: false,
  $defs: { line: { type: 'object', properties: { text: { type: 'string' } } } },
};
/** The bank counts in minor units and says who pays; the partner does neither. */
const MAPPED = {
  request: {
    schema: PAYMENT,
    mapping: [
      { unit: { at: '/amount', from: 'major', to: 'minor', exponent: 2 } },
      { move: { from: '/to', to: '/creditor/account' } },
    ],
  },
  answer: {
    mapping: [
      { unit: { at: '/amount', from: 'minor', to: 'major', exponent: 2 } },
      { move: { from: '/creditor/account', to: '/to' } },
      { drop: { at: '/internal' } },
    ],
    schema: PAYMENT,
  },
};
const ISO = {
  request: { upstreamFormat: 'pain.001.001.09' },
  answer: { upstreamFormat: 'camt.053.001.08' },
};
const CAMT_053 = new URL('../vectors/iso20022/camt.053.001.08.xml', import.meta.url);
const EXPRESSED = {
  request: { expression: '{ "total": $sum(lines.n), "count": $count(lines) }' },
  answer: {
    expression: '($f := function($n) { $n + $f($n) }; slow ? $f(1) : { "ok": true })',
    expressionTimeoutMs: 50,
  },
};
const GOOD = { amount: '12.30', to: 'CN-1234' };

/** Its app is under a plan of its own. */
const LESS_KEY = 'creditlens-ed25519';

function seeLess(registry: Record<string, unknown[]>): void {
  registry.plans!.push({ id: 'less', name: 'Less', dataClassMax: 'internal' });
  const { app } = (registry.keys as { id: string; app: string }[]).find(
    ({ id }) => id === LESS_KEY,
  )!;
  const subscriptions = registry.subscriptions as { app: string; plan: string }[];
  for (const each of subscriptions) if (each.app === app) each.plan = 'less';
}

let upstream: RawUpstream;
let gateway: TestGateway;
let partner: PartnerTraffic;
let answerWith: (request: RawRequest) => void;

const answered = (body: string | Buffer, fields = '', status = '200 OK') => {
  const bytes = Buffer.from(body);
  return ({ socket }: RawRequest) => {
    socket.write(
      `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${fields}` +
        `content-length: ${bytes.length}\r\n\r\n`,
    );
    socket.write(bytes);
  };
};

beforeAll(async () => {
  upstream = new RawUpstream(request => answerWith(request));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { fronts: { count: 2 }, transform: { answerMaxBytes: ANSWER_MAX_BYTES } },
    registry: registry => {
      seeLess(registry);
      addPayloadApi(registry, [
        { id: 'pay', payload: { request: { schema: PAYMENT } } },
        { id: 'order', payload: { request: { schema: PAYMENT } }, idempotency: 'required' },
        { id: 'show', method: 'GET', payload: { answer: { schema: PAYMENT } } },
        { id: 'mapped', payload: MAPPED },
        { id: 'iso', payload: ISO },
        { id: 'expressed', payload: EXPRESSED },
        { id: 'keyed', payload: { answer: { schema: PAYMENT } }, idempotency: 'required' },
      ]);
    },
  });
  partner = new PartnerTraffic(gateway, { connections: 8 });
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await upstream?.close();
});

let received: () => readonly RawRequest[];
beforeEach(() => {
  const before = upstream.requests.length;
  received = () => upstream.requests.slice(before);
  answerWith = answered('{}');
});

const pay = (body: unknown, id = 'pay', headers: Record<string, string> = {}) =>
  partner.call(payloadPath(id), {
    ...{ method: 'POST', headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const show = () => partner.call(payloadPath('show'));

describe('the body of a call', () => {
  it('reaches the upstream where it is what the operation takes', async () => {
    expect((await pay(GOOD)).status).toBe(200);
    const [{ body, head }] = received() as [RawRequest];
    expect(JSON.parse(body)).toEqual(GOOD);
    expect(head).toMatch(/^content-type: application\/json\r?$/m);
    expect(head).not.toContain('content-digest');
  });

  it('is refused with the place of each thing that is wrong, but not what was sent', async () => {
    const secret = 'very-secret-value';
    const answer = await pay({ amount: secret, lines: [{ text: 1 }], 'x/y~z': secret });
    expect([answer.status, answer.code]).toEqual([422, 'payload-invalid']);
    const { errors } = JSON.parse(answer.text);
    expect(errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '#/amount',
      '#/lines/0/text',
      '#/to',
      '#/x~1y~0z',
    ]);
    expect(answer.text).not.toContain(secret);
    expect(received()).toEqual([]);
  });

  it('tells the client and the command line each place', async () => {
    const client = createPartnerClient({ ...gateway.credentials(), baseUrl: gateway.url });
    const places = [{ pointer: '#/to', detail: 'is missing' }];
    await expect(
      client.request('POST', payloadPath('pay'), { amount: '1.00' }),
    ).rejects.toMatchObject({ code: 'payload-invalid', errors: places });
    const options = ['--client-file', gateway.files.clientFile, '--base-url', gateway.url];
    const data = ['--data', '{"amount":"1.00"}'];
    const shown = await runCli(['call', 'POST', payloadPath('pay'), ...data, ...options]);
    expect([shown.status, shown.stderr]).toEqual([1, expect.stringContaining('#/to: is missing')]);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"amount":'],
    ['another kind of value', '[]'],
    ['text that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1')],
  ])('is refused where it is %s', async (_, body) => {
    const answer = await pay(body);
    expect([answer.status, answer.code]).toEqual([422, 'payload-invalid']);
  });

  it.each([
    ['another media type', { contentType: 'text/plain' }],
    ['XML', { contentType: 'application/xml' }],
    ['a content coding that is not served', { headers: { 'content-encoding': 'deflate' } }],
    ['another character set', { contentType: 'application/json; charset=gbk' }],
  ])('is refused where its fields say that it is in %s', async (_, options) => {
    const body = JSON.stringify(GOOD);
    const answer = await partner.call(payloadPath('pay'), { method: 'POST', body, ...options });
    expect([answer.status, answer.code]).toEqual([415, 'payload-media-type']);
    expect(received()).toEqual([]);
  });

  it('is told its first fault alone where it is long', async () => {
    const lines = Array.from({ length: 40_000 }, () => ({ text: 1 }));
    const answer = await pay({ ...GOOD, lines });
    expect(JSON.parse(answer.text).errors).toEqual([
      { pointer: '#/lines/0/text', detail: 'must be string' },
    ]);
  });

  it('passes whole at a length that moves to the worker', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => ({ text: `line ${i}` }));
    expect((await pay({ ...GOOD, lines })).status).toBe(200);
    expect(JSON.parse(received()[0]!.body)).toEqual({ ...GOOD, lines });
  });

  it('frees the key of a call that was refused for it', async () => {
    const key = { 'idempotency-key': `key-${Math.random()}` };
    expect((await pay({}, 'order', key)).code).toBe('payload-invalid');
    expect((await pay(GOOD, 'order', key)).status).toBe(200);
  });

  it('is held against the schema over a session too', async () => {
    const session = await RpcSession.open(gateway);
    const refused = await session.call('payloads.pay', { body: { to: 'x' } });
    expect(refused).toMatchObject({ error: { data: { code: 'payload-invalid' } } });
    const passed = await session.call('payloads.pay', { body: GOOD });
    expect(passed).toMatchObject({ result: { status: 200 } });
    session.socket.close();
  });
});

describe('the answer', () => {
  it('reaches the caller where it is what the operation promises', async () => {
    answerWith = answered(JSON.stringify(GOOD), 'etag: "1"\r\ncontent-digest: sha-256=:AA==:\r\n');
    const answer = await show();
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, GOOD]);
    expect(answer.headers.etag).toBe('W/"1"');
    expect(answer.headers['content-digest']).toBeUndefined();
    expect(received()[0]!.head).toMatch(/^accept-encoding: identity\r?$/m);
  });

  it('does not where it breaks that promise, and what it was stays inside', async () => {
    answerWith = answered('{"amount":"a-secret","to":"CN-1234"}');
    const answer = await show();
    expect([answer.status, answer.code]).toEqual([502, 'answer-invalid']);
    expect(answer.text).not.toContain('secret');
  });

  it('is refused where it is longer than may be gathered, announced or not', async () => {
    answerWith = answered('x'.repeat(ANSWER_MAX_BYTES + 1));
    expect((await show()).code).toBe('answer-invalid');
    answerWith = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      for (let i = 0; i < 30; i++) socket.write(`2710\r\n${'x'.repeat(10_000)}\r\n`);
      socket.write('0\r\n\r\n');
    };
    expect((await show()).code).toBe('answer-invalid');
    answerWith = answered(JSON.stringify(GOOD));
    expect((await show()).status).toBe(200);
  });

  it('of another status than success passes as it is', async () => {
    answerWith = answered('{"error":"x"}', '', '409 Conflict');
    const answer = await show();
    expect([answer.status, answer.text]).toEqual([409, '{"error":"x"}']);
  });

  it('that breaks off is told as the upstream’s fault, not cut', async () => {
    answerWith = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"amount"');
      setTimeout(() => socket.destroy(), 20);
    };
    expect((await show()).code).toBe('upstream-protocol');
  });

  it('is checked again when it is repeated for a key', async () => {
    const key = { 'idempotency-key': `key-${Math.random()}` };
    answerWith = answered(JSON.stringify(GOOD));
    expect((await pay(GOOD, 'keyed', key)).status).toBe(200);
    const again = await pay(GOOD, 'keyed', key);
    expect([again.status, JSON.parse(again.text)]).toEqual([200, GOOD]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(received()).toHaveLength(1);
  });

  it('in a coding is read, and in one that is not served refused', async () => {
    answerWith = answered(gzipSync(JSON.stringify(GOOD)), 'content-encoding: gzip\r\n');
    expect(JSON.parse((await show()).text)).toEqual(GOOD);
    answerWith = answered('{}', 'content-encoding: compress\r\n');
    expect((await show()).code).toBe('answer-invalid');
  });
});

describe('other forms than JSON', () => {
  it('MessagePack is read from the partner, and written where it takes that best', async () => {
    answerWith = answered(JSON.stringify(GOOD));
    const body = packr.pack(GOOD);
    const contentType = 'application/vnd.msgpack';
    const headers = { accept: 'application/json;q=0.5, application/msgpack' };
    const packed = { method: 'POST', body, contentType, headers };
    const answer = await partner.callRaw(payloadPath('mapped'), packed);
    expect(JSON.parse(received()[0]!.body)).toEqual({
      amount: 1230,
      creditor: { account: 'CN-1234' },
    });
    expect(answer.code).toBe('answer-invalid');
    answerWith = answered('{"amount":1230,"creditor":{"account":"CN-1234"}}');
    const good = await partner.callRaw(payloadPath('mapped'), packed);
    expect(good.headers['content-type']).toBe(contentType);
    expect(unpack(good.bytes)).toEqual(GOOD);
  });

  it('is refused before the bank hears of it where no form is accepted', async () => {
    const answer = await partner.call(payloadPath('show'), { headers: { accept: 'text/csv' } });
    expect([answer.status, answer.code]).toEqual([406, 'not-acceptable']);
    expect(received()).toEqual([]);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('a body in %s is read, and a bomb in it refused', async (coding, compress) => {
    const headers = { 'content-encoding': coding };
    const body = Buffer.from(compress(JSON.stringify(GOOD)));
    const path = payloadPath('pay');
    expect((await partner.call(path, { method: 'POST', body, headers })).status).toBe(200);
    expect(JSON.parse(received()[0]!.body)).toEqual(GOOD);
    expect(received()[0]!.head).not.toContain('content-encoding');
    const bomb = Buffer.from(compress(' '.repeat(20_000_000)));
    const refused = await partner.call(path, { method: 'POST', body: bomb, headers });
    expect(refused.code).toBe('payload-invalid');
  });

  it('a long answer is coded as the caller takes it', async () => {
    const lines = Array.from({ length: 500 }, () => ({ text: 'goods' }));
    answerWith = answered(JSON.stringify({ ...GOOD, lines }));
    const headers = { 'accept-encoding': 'gzip;q=0.9, zstd' };
    const answer = await partner.callRaw(payloadPath('show'), { headers });
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([
      'zstd',
      'accept, accept-encoding',
    ]);
    expect(JSON.parse(zstdDecompressSync(answer.bytes).toString())).toEqual({ ...GOOD, lines });
  });

  it('the bank gets ISO 20022 in XML, and what it answers so comes as JSON', async () => {
    answerWith = answered(readFileSync(CAMT_053));
    const payment = { CstmrCdtTrfInitn: { GrpHdr: { MsgId: 'M-1' } } };
    const answer = await pay(payment, 'iso');
    expect(received()[0]!.head).toMatch(/^content-type: application\/xml\r?$/m);
    expect(received()[0]!.body).toContain('<MsgId>M-1</MsgId>');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(answer.text)).toHaveProperty('BkToCstmrStmt.Stmt.0.Id');
    const unknown = await pay({ CstmrCdtTrfInitn: { Nonsense: '1' } }, 'iso');
    expect(unknown.code).toBe('payload-invalid');
    answerWith = answered('<!DOCTYPE a [<!ENTITY b "c">]><Document/>');
    expect((await pay(payment, 'iso')).code).toBe('answer-invalid');
  });
});

describe('a mapping', () => {
  it('gives the bank what it knows and the partner what it knows', async () => {
    answerWith = answered('{"amount":1230,"creditor":{"account":"CN-1234"},"internal":"x"}');
    const answer = await pay(GOOD, 'mapped');
    expect(JSON.parse(received()[0]!.body)).toEqual({
      amount: 1230,
      creditor: { account: 'CN-1234' },
    });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, GOOD]);
  });

  it('sees nothing that the schema refuses, and its answer meets the schema', async () => {
    expect((await pay({ ...GOOD, to: 1 }, 'mapped')).code).toBe('payload-invalid');
    expect(received()).toEqual([]);
    answerWith = answered('{"amount":"much"}');
    expect((await pay(GOOD, 'mapped')).code).toBe('answer-invalid');
  });
});

describe('a plan that shows less', () => {
  it('has classified fields masked in answers, and others may see them', async () => {
    answerWith = answered(JSON.stringify({ ...GOOD, lines: [{ text: 'x' }] }));
    const less = new PartnerTraffic(gateway, { keyId: LESS_KEY });
    const masked = await less.call(payloadPath('show'));
    expect(JSON.parse(masked.text)).toEqual({ ...GOOD, to: '***', lines: [{ text: 'x' }] });
    expect(JSON.parse((await show()).text)).toMatchObject(GOOD);
    await less.close();
  });

  it('logs where an answer is wrong without names that the schema does not know', async () => {
    answerWith = answered(JSON.stringify({ ...GOOD, '6222021001112223': 1 }));
    const key = { 'idempotency-key': `key-${Math.random()}` };
    expect((await pay(GOOD, 'keyed', key)).code).toBe('answer-invalid');
    await vi.waitFor(() => expect(gateway.log).toContain('is not a member that is known here'));
    expect(gateway.log).not.toContain('6222021001112223');
  });
});

describe('an expression', () => {
  it('makes another body of what came', async () => {
    const answer = await pay({ lines: [{ n: 2 }, { n: 3 }] }, 'expressed');
    expect(JSON.parse(received()[0]!.body)).toEqual({ total: 5, count: 2 });
    expect(JSON.parse(answer.text)).toEqual({ ok: true });
  });

  it('that does not end is broken off, and others go on', async () => {
    answerWith = answered('{"slow":true}');
    const slow = pay({ lines: [] }, 'expressed');
    const others = Array.from({ length: 10 }, () => pay(GOOD));
    expect((await slow).code).toBe('answer-invalid');
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(10).fill(200));
  });
});
