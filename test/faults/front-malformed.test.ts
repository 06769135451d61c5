/** Requests that HTTP/1.1 forbids or that two parsers could read differently: none gets through. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { expectIdle } from '../support/gauges.ts';
import { ECHO, RawCalls } from '../support/raw-request.ts';
import { problemCode, RawSocket } from '../support/raw-socket.ts';

/** For what comes in its own time, on a busy machine too. */
const WAIT = { timeout: 10_000 };

/** The whole head: what uWebSockets.js takes. */
const HEAD_MAX_BYTES = 4_096;
const FIELDS_MAX = 98;
const SMUGGLED = `${ECHO}?smuggled=1`;
const CHUNKED = 'transfer-encoding: chunked';

let upstream: RawUpstream;
let gateway: TestGateway;
let calls: RawCalls;
let host: string;

beforeAll(async () => {
  upstream = new RawUpstream(({ socket }) => socket.write(answerOf('fine')));
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { limits: { bodyTimeoutMs: 300 } },
  });
  calls = new RawCalls(gateway);
  host = new URL(gateway.url).host;
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

async function send(bytes: string | Buffer): Promise<RawSocket> {
  const socket = await RawSocket.open(gateway.port);
  socket.send(Buffer.from(bytes as string, 'latin1'));
  return socket;
}

/** The head of a signed POST whose body is `abc`, framed like this. */
const framed = (framing: string[]) => calls.head({ method: 'POST', body: 'abc', framing });
/** A signed GET with these lines. */
const lined = (...lines: string[]) => calls.head({ lines });
/** An unsigned GET with this request line. */
const asked = (line: string) => `${line}\r\nhost: ${host}\r\n\r\n`;

async function expectRefused(bytes: string, status: number, code?: string): Promise<RawSocket> {
  const before = upstream.requests.length;
  const socket = await send(bytes);
  const answer = await socket.until();
  expect([answer.status, problemCode(answer)]).toEqual([status, code]);
  expect(upstream.requests).toHaveLength(before);
  return socket;
}

/** Whatever is answered, a call that follows in the same write must not be taken for one. */
async function expectNothingBehind(bytes: string): Promise<void> {
  const socket = await send(bytes + calls.head({ path: SMUGGLED }));
  const answer = await socket.untilClosed();
  expect(answer.text).not.toContain('fine');
  expect(upstream.requests.filter(({ head }) => head.includes(SMUGGLED))).toEqual([]);
}

describe('ambiguous framing', () => {
  it.each<[string, string[], string]>([
    ['Content-Length twice, the same', ['content-length: 3', 'content-length: 3'], 'abc'],
    ['Content-Length twice, different', ['content-length: 3', 'content-length: 400'], 'abc'],
    ['an empty Content-Length', ['content-length:'], ''],
    ['a coding other than chunked', ['transfer-encoding: gzip'], 'abc'],
    ['a coding before chunked', ['transfer-encoding: gzip, chunked'], '3\r\nabc\r\n0\r\n\r\n'],
    ['a coding after chunked', ['transfer-encoding: chunked, identity'], '3\r\nabc\r\n0\r\n\r\n'],
    ['Transfer-Encoding twice', [CHUNKED, CHUNKED], '3\r\nabc\r\n0\r\n\r\n'],
    ['an empty Transfer-Encoding', ['transfer-encoding:'], ''],
    ['a misspelt chunked', ['transfer-encoding: xchunked'], '3\r\nabc\r\n0\r\n\r\n'],
  ])('%s is refused, and the connection closed', async (_name, framing, body) => {
    const socket = await expectRefused(framed(framing), 400, 'malformed-request');
    const answer = await socket.untilClosed();
    expect(answer.text).toMatch(/^connection: close/im);
    await expectNothingBehind(framed(framing) + body);
  });

  it.each<[string, string[]]>([
    ['a list of lengths', ['content-length: 3, 3']],
    ['a sign', ['content-length: +3']],
    ['a minus', ['content-length: -1']],
    ['hexadecimal digits', ['content-length: 0x3']],
    ['more than 64 bits', ['content-length: 18446744073709551619']],
    ['both length and chunks', ['content-length: 3', CHUNKED]],
    ['both chunks and length', [CHUNKED, 'content-length: 3']],
    ['a blank before the colon', ['content-length: 3', 'transfer-encoding : chunked']],
  ])('%s is refused by uWebSockets.js, and the connection closed', async (_name, framing) => {
    const socket = await expectRefused(framed(framing), 400);
    await socket.untilClosed();
    await expectNothingBehind(`${framed(framing)}abc`);
  });

  it.each([
    ['a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'],
    ['a prefixed chunk size', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size beyond 64 bits', 'FFFFFFFFFFFFFFFF3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that is no number', 'g\r\nabc\r\n0\r\n\r\n'],
    ['a chunk extension', '3;a=b\r\nabc\r\n0\r\n\r\n'],
    ['trailer fields', '3\r\nabc\r\n0\r\nx-a: b\r\n\r\n'],
  ])('%s does not get through', (_name, body) => expectNothingBehind(framed([CHUNKED]) + body));
});

describe('heads that are refused with a problem', () => {
  it.each<[string, () => string]>([
    ['a method in lower case', () => calls.head({ method: 'get' })],
    ['a method in mixed case', () => asked(`Get ${ECHO} HTTP/1.1`)],
    ['a method that is no token', () => asked(`GE(T ${ECHO} HTTP/1.1`)],
    ['a method of 33 letters', () => asked(`${'A'.repeat(33)} ${ECHO} HTTP/1.1`)],
    ['a path with bytes above ASCII', () => asked('GET /\xe9 HTTP/1.1')],
    ['a fragment', () => asked(`GET ${ECHO}#x HTTP/1.1`)],
    ['an empty Host', () => `GET ${ECHO} HTTP/1.1\r\nhost:\r\n\r\n`],
    ['a Host with a user', () => `GET ${ECHO} HTTP/1.1\r\nhost: a@b\r\n\r\n`],
    ['bytes above ASCII inside a value', () => lined('a: x\xe9y')],
    ['UTF-8 inside a value', () => lined('a: x\xc3\xa9y')],
    ['DEL in a value', () => lined('a: b\x7fc')],
    ['a Connection that names an end-to-end field', () => lined('connection: x-a', 'x-a: 1')],
  ])('%s', async (_name, bytes) => {
    (await expectRefused(bytes(), 400, 'malformed-request')).destroy();
  });

  it.each([['CONNECT /a'], [`TRACE ${ECHO}`], [`BREW ${ECHO}`]])('%s, unsigned', async line => {
    (await expectRefused(asked(`${line} HTTP/1.1`), 401, 'signature-missing')).destroy();
  });
});

describe('heads that uWebSockets.js refuses by itself', () => {
  it.each<[string, number, () => string]>([
    ['bare LF throughout', 505, () => lined().replaceAll('\r\n', '\n')],
    ['bare LF after the request line', 505, () => lined().replace('1.1\r\n', '1.1\n')],
    ['bare LF in a field', 400, () => lined('a: b\nc: d')],
    ['no Host', 400, () => `GET ${ECHO} HTTP/1.1\r\naccept: a\r\n\r\n`],
    ['no field at all', 400, () => `GET ${ECHO} HTTP/1.1\r\n\r\n`],
    ['two Hosts', 400, () => lined(`host: ${host}`)],
    ['a target in absolute form', 505, () => asked(`GET http://${host}${ECHO} HTTP/1.1`)],
    ['OPTIONS *', 505, () => asked('OPTIONS * HTTP/1.1')],
    ['CONNECT to an authority', 505, () => asked('CONNECT bank.example:443 HTTP/1.1')],
    ['a target without a slash', 505, () => asked('GET a HTTP/1.1')],
    ['a blank in the target', 505, () => asked('GET /a b HTTP/1.1')],
    ['a folded line', 400, () => lined('a: b\r\n c')],
    ['NUL in a value', 400, () => lined('a: b\0c')],
    ['a control character in a value', 400, () => lined('a: b\x01c')],
    ['NUL in a name', 400, () => lined('a\0b: c')],
    ['NUL in the path', 505, () => asked('GET /a\0b HTTP/1.1')],
    ['a blank in a name', 400, () => lined('a b: c')],
    ['a blank before the colon', 400, () => lined('a : c')],
    ['a name that is no token', 400, () => lined('a(b: c')],
    ['a name with bytes above ASCII', 400, () => lined('a\xe9: c')],
    ['a line without a colon', 400, () => lined('abc')],
    ['HTTP/1.0', 505, () => asked(`GET ${ECHO} HTTP/1.0`)],
    ['HTTP/1.2', 505, () => asked(`GET ${ECHO} HTTP/1.2`)],
    ['an HTTP/2 preface', 505, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS handshake', 505, () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a long target', 431, () => asked(`GET /${'a'.repeat(5_000)} HTTP/1.1`)],
    ['a field of 9 KB', 431, () => lined(`a: ${'x'.repeat(9_000)}`)],
  ])('%s', async (_name, status, bytes) => {
    await expectNothingBehind(bytes());
    const socket = await expectRefused(bytes(), status);
    const answer = await socket.untilClosed();
    expect(answer.text).toMatch(/^connection: close/im);
  });
});

describe('control characters', () => {
  const CONTROLS = Array.from({ length: 32 }, (_, code) => code).filter(
    code => !'\t\n\r'.includes(String.fromCharCode(code)),
  );

  it('are refused by uWebSockets.js wherever they stand in a value', async () => {
    for (const code of CONTROLS) {
      const character = String.fromCharCode(code);
      for (const value of [`${character}b`, `a${character}b`, `a${character}`]) {
        (await expectRefused(lined(`a: ${value}`), 400)).destroy();
      }
    }
  });
});

describe('a request line without a version', () => {
  it('is refused by uWebSockets.js', async () => {
    const socket = await expectRefused(`GET ${ECHO}\r\n\r\n`, 505);
    await socket.untilClosed();
  });
});

describe('the size of a head', () => {
  it(`may be ${HEAD_MAX_BYTES} bytes, in one piece or two`, async () => {
    const padded = (total: number) => {
      const bare = lined('a: ').length;
      return lined(`a: ${'x'.repeat(total - bare)}`);
    };
    const whole = await send(padded(HEAD_MAX_BYTES));
    expect((await whole.next()).status).toBe(200);
    const halves = padded(HEAD_MAX_BYTES);
    whole.send(halves.slice(0, 4_000));
    await expect.poll(() => whole.socket.bytesWritten, WAIT).toBe(HEAD_MAX_BYTES + 4_000);
    whole.send(halves.slice(4_000));
    expect((await whole.next()).status).toBe(200);
    whole.destroy();
    (await expectRefused(padded(HEAD_MAX_BYTES + 1), 431)).destroy();
  });

  it(`may be ${FIELDS_MAX} fields`, async () => {
    const own = lined().split('\r\n').length - 3;
    const fields = (count: number) => Array.from({ length: count - own }, (_, i) => `h${i}: v`);
    const most = await send(lined(...fields(FIELDS_MAX)));
    expect((await most.next()).status).toBe(200);
    most.destroy();
    (await expectRefused(lined(...fields(FIELDS_MAX + 1)), 431)).destroy();
  });
});

describe('heads that uWebSockets.js reads in its own way', () => {
  it.each<[string, () => string]>([
    ['a field without a name ends the fields', () => lined(': c')],
    ['an empty line before the request is waited out', () => `\r\n${lined()}`],
    ['bare CR in a value is waited out', () => lined('a: b\rc: d')],
  ])('%s', async (_name, bytes) => {
    const before = upstream.requests.length;
    const socket = await send(bytes());
    // What arrives later cannot be told from what never does: one more call is the measure.
    const next = await send(lined());
    expect((await next.next()).status).toBe(200);
    expect(upstream.requests).toHaveLength(before + 1);
    expect([0, 401]).toContain(socket.answer().status);
    socket.destroy();
    next.destroy();
  });

  it('cuts bytes above ASCII off the ends of a value', async () => {
    const socket = await send(lined('a: \xe9x\xe9', 'b: \xe9'));
    expect((await socket.next()).status).toBe(200);
    expect(upstream.requests.at(-1)!.head).toMatch(/\r\na: x\r\nb: \r\n/);
    socket.destroy();
  });
});

describe('afterwards', () => {
  it('nothing is held or in flight', () => expectIdle(gateway));
});
