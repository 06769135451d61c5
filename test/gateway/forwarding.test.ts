/** What an upstream gets of a call, and what the caller gets of its answer, byte by byte. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { accessRecords, expectIdle } from '../support/gauges.ts';
import { ECHO, type RawCall, RawCalls } from '../support/raw-request.ts';
import { RawSocket } from '../support/raw-socket.ts';

let upstream: RawUpstream;
let gateway: TestGateway;
let calls: RawCalls;
let host: string;
/** What the upstream answers next, in latin1. */
let answer = '';

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => socket.write(answer, 'latin1'));
  gateway = await TestGateway.start({ upstreamPort: await upstream.listen() });
  calls = new RawCalls(gateway);
  host = new URL(gateway.url).host;
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

/** The field lines of a head, without the first line. */
function fieldsOf(head: string): [string, string][] {
  const lines = head.slice(0, head.indexOf('\r\n\r\n')).split('\r\n').slice(1);
  return lines.map(line => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}

function valuesOf(head: string, name: string): string[] {
  return fieldsOf(head)
    .filter(([field]) => field === name)
    .map(([, value]) => value);
}

interface Passed {
  /** What the upstream got. */
  readonly request: string;
  readonly requestBody: string;
  /** What the caller got. */
  readonly answer: string;
}

/** One call on a connection of its own. */
async function pass(call: RawCall = {}, upstreamAnswer = OK): Promise<Passed> {
  answer = upstreamAnswer;
  const socket = await RawSocket.open(gateway.port);
  socket.send(calls.bytes(call));
  const got = await socket.next();
  const { head, body: requestBody } = upstream.requests.at(-1)!;
  socket.destroy();
  return { request: head, requestBody, answer: got.text };
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

function answerWith(lines: string[], body = 'ok', status = '200 OK'): string {
  return [`HTTP/1.1 ${status}`, ...lines, `content-length: ${body.length}`, '', body].join('\r\n');
}

describe('a request', () => {
  it('keeps its method, target, body and end-to-end fields', async () => {
    const body = '{"name":"星云"}';
    const path = `${ECHO}?b=2&a=%E6%98%9F&a=1`;
    const lines = ['content-type: application/json', 'accept: a', 'Accept: b', 'X-Mixed: Ab  c'];
    const { request, requestBody } = await pass({ method: 'POST', path, body, lines });
    expect(request.split('\r\n')[0]).toBe(`POST ${path} HTTP/1.1`);
    expect(requestBody).toBe(Buffer.from(body).toString('latin1'));
    expect(valuesOf(request, 'content-length')).toEqual([String(Buffer.byteLength(body))]);
    expect(valuesOf(request, 'content-type')).toEqual(['application/json']);
    expect(valuesOf(request, 'accept')).toEqual(['a', 'b']);
    expect(valuesOf(request, 'x-mixed')).toEqual(['Ab  c']);
    expect(valuesOf(request, 'content-digest')).toHaveLength(1);
  });

  it('loses hop-by-hop fields', async () => {
    const lines = [
      'connection: keep-alive, Upgrade, TE',
      'keep-alive: timeout=5',
      'te: trailers',
      'trailer: x-a',
      'upgrade: websocket',
      'proxy-connection: keep-alive',
      'proxy-authorization: Basic eA==',
      'proxy-authenticate: Basic',
      'http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
      'x-kept: 1',
    ];
    const { request } = await pass({ lines });
    const names = fieldsOf(request).map(([name]) => name);
    const own = ['host', 'via', 'forwarded', 'x-forwarded-for', 'x-forwarded-host'];
    const identity = ['x-xingyun-app', 'x-xingyun-partner', 'x-request-id', 'traceparent'];
    const expected = [...own, 'x-forwarded-proto', ...identity, 'x-kept'];
    expect(names.sort()).toEqual(expected.sort());
  });

  it('says who forwarded it, for whom and how', async () => {
    const { request } = await pass({ lines: ['via: 1.1 partner-proxy'] });
    expect(valuesOf(request, 'host')).toEqual([
      `127.0.0.1:${upstream.requests.at(-1)!.socket.localPort}`,
    ]);
    expect(valuesOf(request, 'via')).toEqual(['1.1 partner-proxy, 1.1 xingyun']);
    expect(valuesOf(request, 'forwarded')).toEqual([`for=127.0.0.1;host="${host}";proto=http`]);
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(request, 'x-forwarded-host')).toEqual([host]);
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['http']);
  });

  it('carries the identity that was verified and never one that was claimed', async () => {
    const lines = [
      'x-xingyun-app: admin',
      'X-Xingyun-Partner: bank',
      'x-xingyun-anything: 1',
      'x_xingyun_app: admin',
      'x-xingyun_app: admin',
      'X_Forwarded_For: 192.0.2.1',
      'x-forwarded-for: 192.0.2.1',
      'x-forwarded-user: admin',
      'forwarded: for=192.0.2.1',
      'x-real-ip: 192.0.2.1',
      'x-original-url: /admin',
      'x-rewrite-url: /admin',
      'x-http-method-override: DELETE',
      'x-request_id: claimed-by-underscore',
    ];
    const { request } = await pass({ lines });
    expect(valuesOf(request, 'x-xingyun-app')).toEqual(['nebula-pay-app']);
    expect(valuesOf(request, 'x-xingyun-partner')).toEqual(['nebula-pay']);
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(request).not.toMatch(/admin|192\.0\.2\.1|DELETE|claimed|xingyun-anything/);
  });

  it('does not carry its signature', async () => {
    const { request } = await pass();
    expect(request).not.toMatch(/^signature/im);
  });

  it('keeps the request id that it came with, and gets one where it has none', async () => {
    const offered = 'partner-id-0123456789';
    const kept = await pass({ lines: [`x-request-id: ${offered}`] });
    expect(valuesOf(kept.request, 'x-request-id')).toEqual([offered]);
    expect(valuesOf(kept.answer, 'x-request-id')).toEqual([offered]);
    for (const lines of [[], ['x-request-id: a b'], ['x-request-id: short']]) {
      const made = await pass({ lines });
      const [id] = valuesOf(made.request, 'x-request-id');
      expect(id).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
      expect(valuesOf(made.answer, 'x-request-id')).toEqual([id]);
    }
  });

  it('continues the trace that it belongs to', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    const lines = [`traceparent: 00-${trace}-b7ad6b7169203331-01`, 'tracestate: a=1'];
    const { request } = await pass({ lines });
    const [traceparent] = valuesOf(request, 'traceparent');
    expect(traceparent).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    expect(valuesOf(request, 'tracestate')).toEqual(['a=1']);
    const fresh = await pass();
    expect(valuesOf(fresh.request, 'traceparent')[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe('an answer', () => {
  it('loses hop-by-hop fields and what Connection names', async () => {
    const passed = await pass(
      {},
      answerWith([
        'connection: X-Hop, keep-alive',
        'x-hop: 1',
        'keep-alive: timeout=60',
        'proxy-authenticate: Basic',
        'te: trailers',
        'trailer: x-a',
        'upgrade: h2c',
        'x-kept: 1',
      ]),
    );
    const names = fieldsOf(passed.answer).map(([name]) => name);
    expect(names.sort()).toEqual(['content-length', 'date', 'x-kept', 'x-request-id']);
  });

  it('keeps repeated fields apart and in order', async () => {
    const lines = ['set-cookie: a=1; Path=/', 'x-a: 1', 'set-cookie: b=2', 'x-a: 2'];
    const { answer: got } = await pass({}, answerWith(lines));
    expect(valuesOf(got, 'set-cookie')).toEqual(['a=1; Path=/', 'b=2']);
    expect(valuesOf(got, 'x-a')).toEqual(['1', '2']);
  });

  it('has one Date and names no product', async () => {
    const lines = ['date: Thu, 01 Jan 1970 00:00:00 GMT', 'server: bank'];
    const { answer: got } = await pass({}, answerWith(lines));
    expect(valuesOf(got, 'date')).toHaveLength(1);
    expect(valuesOf(got, 'server')).toEqual(['bank']);
    expect(got).not.toMatch(/uwebsockets/i);
  });

  it('cannot give itself another request id', async () => {
    const { answer: got, request } = await pass({}, answerWith(['x-request-id: forged-by-bank']));
    expect(valuesOf(got, 'x-request-id')).toEqual(valuesOf(request, 'x-request-id'));
  });

  it('keeps bytes above ASCII as they are, in fields, reason and body', async () => {
    const value = Buffer.from('naïve 星云').toString('latin1');
    const body = '\x00\x80\xff\xfe';
    const { answer: got } = await pass({}, answerWith([`x-text: ${value}`], body));
    expect(valuesOf(got, 'x-text')).toEqual([value]);
    expect(got.endsWith(`\r\n\r\n${body}`)).toBe(true);
  });

  it.each([['200 OK'], ['201 Created'], ['299 Whatever'], ['404 Not Found'], ['503 Busy']])(
    'keeps status %s',
    async status => {
      const { answer: got } = await pass({}, answerWith([], 'body', status));
      expect(got.slice(9, 12)).toBe(status.slice(0, 3));
      expect(got.endsWith('\r\n\r\nbody')).toBe(true);
    },
  );

  it('to HEAD announces its length and has no body', async () => {
    answer = 'HTTP/1.1 200 OK\r\ncontent-length: 1234\r\netag: "a"\r\n\r\n';
    const { status, text } = await twice('HEAD');
    expect(status).toBe(200);
    expect(valuesOf(text, 'content-length')).toEqual(['1234']);
    expect(valuesOf(text, 'etag')).toEqual(['"a"']);
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('to HEAD without a length announces none', async () => {
    answer = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const { status, text } = await twice('HEAD');
    expect(status).toBe(200);
    expect(text).not.toMatch(/content-length|transfer-encoding/i);
  });

  it.each([
    ['204 No Content', [], undefined],
    ['204 No Content', ['content-length: 5'], undefined],
    ['304 Not Modified', ['etag: "a"'], undefined],
    ['304 Not Modified', ['content-length: 99'], '99'],
  ])('%s with %j has no content', async (status, lines, length) => {
    answer = [`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n');
    const got = await twice('GET');
    expect(got.status).toBe(Number(status.slice(0, 3)));
    expect(valuesOf(got.text, 'content-length')).toEqual(length === undefined ? [] : [length]);
    expect(got.text).not.toMatch(/transfer-encoding/i);
    expect(got.text.endsWith('\r\n\r\n')).toBe(true);
  });

  it('with an empty body says so', async () => {
    const { answer: got } = await pass({}, answerWith([], ''));
    expect(valuesOf(got, 'content-length')).toEqual(['0']);
  });

  it('comes without the interim answers before it', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n';
    const { answer: got } = await pass({}, interim + answerWith(['x-final: 1']));
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(got).not.toMatch(/link|10[0-9] /);
    expect(valuesOf(got, 'x-final')).toEqual(['1']);
  });

  it('in chunks that came whole gets a length; trailer fields are dropped', async () => {
    const head = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
    const { answer: got } = await pass(
      {},
      `${head}3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n`,
    );
    expect(valuesOf(got, 'content-length')).toEqual(['5']);
    expect(got.endsWith('\r\n\r\nabcde')).toBe(true);
    expect(got).not.toContain('x-trailer');
  });

  it('says where the time went only where it is asked', async () => {
    const asked = await pass({ lines: ['x-xingyun-timing: 1'] });
    const [timing] = valuesOf(asked.answer, 'server-timing');
    expect(timing).toMatch(/(^|, )verify;dur=\d+\.\d{3}, /);
    expect(timing).toMatch(/upstream;dur=\d+\.\d{3}/);
    expect(timing).toMatch(/total;dur=\d+\.\d{3}$/);
    expect(asked.request).not.toMatch(/x-xingyun-timing/);
    expect(valuesOf((await pass()).answer, 'server-timing')).toEqual([]);
  });
});

describe('an upstream that dies in its answer', () => {
  it('costs the connection after the head, and the record carries the problem', async () => {
    const requestId = 'died-in-its-answer';
    const socket = await RawSocket.open(gateway.port);
    const before = upstream.answer;
    upstream.answer = request => {
      request.socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      socket.until(text => text.endsWith('half')).then(() => request.socket.destroy());
    };
    socket.send(calls.bytes({ lines: [`x-request-id: ${requestId}`] }));
    const got = await socket.untilClosed();
    expect(got.text.endsWith('half')).toBe(true);
    const [record] = await accessRecords(gateway, requestId);
    expect(record).toMatchObject({ status: 200, code: 'upstream-protocol', aborted: false });
    upstream.answer = before;
  });
});

describe('afterwards', () => {
  it('nothing is held or in flight', () => expectIdle(gateway));
});

/** The call twice on one connection: had the first answer a body, the second would show it. */
async function twice(method: string) {
  const socket = await RawSocket.open(gateway.port);
  const whole = (text: string) => text.endsWith('\r\n\r\n');
  socket.send(calls.bytes({ method }));
  const first = await socket.until(whole);
  const length = first.text.length;
  socket.send(calls.bytes({ method }));
  const both = await socket.until(text => text.length > length && whole(text));
  expect(both.text.slice(length)).toMatch(/^HTTP\/1\.1 \d{3} /);
  socket.destroy();
  return first;
}
