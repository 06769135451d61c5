import { describe, expect, it } from 'vitest';
import { everySplit, HEAD_MAX_BYTES, lines, parseAnswer } from './parsed-answers.ts';

const OK = 'HTTP/1.1 200 OK';

/** Parses the wire unsplit, and checks that every split gives the same. */
function parse(wire: string, options: { head?: boolean; eof?: boolean } = {}) {
  const whole = parseAnswer(wire, options);
  for (const cuts of everySplit(wire.length)) {
    const split = parseAnswer(wire, { ...options, cuts });
    if (whole.error === '') expect(split, `cut at ${cuts}`).toEqual(whole);
    else {
      expect(split.error, `cut at ${cuts}`).toBe(whole.error);
      expect(split.ended).toBe(false);
    }
  }
  return whole;
}

describe('framing', () => {
  it('ends a body at its Content-Length', () => {
    const wire = lines(OK, 'Content-Length: 5', 'X-A: b', '', 'hello');
    expect(parse(wire)).toMatchObject({
      status: 200,
      headers: ['x-a', 'b'],
      contentLength: 5,
      hasBody: true,
      body: 'hello',
      ended: true,
      reusable: true,
      used: wire.length,
    });
  });

  it('leaves the bytes after an answer unused', () => {
    const wire = lines(OK, 'Content-Length: 2', '', 'hiHTTP/1.1 500 x');
    expect(parseAnswer(wire)).toMatchObject({ body: 'hi', used: wire.length - 14 });
  });

  it('joins chunks, ignores extensions and drops trailers', () => {
    const wire = lines(
      OK,
      'transfer-encoding: Chunked',
      '',
      '5;a=b;c="d e"',
      'hello',
      '00000001',
      ',',
      'A',
      '0123456789',
      '0',
      'X-Trailer: t',
      'Content-Length: 7',
      '',
      '',
    );
    expect(parse(wire)).toMatchObject({
      headers: [],
      contentLength: undefined,
      body: 'hello,0123456789',
      reusable: true,
      used: wire.length,
    });
  });

  it('reads to the close where nothing else tells the length', () => {
    expect(parse(lines(OK, '', 'all of it'), { eof: true })).toMatchObject({
      body: 'all of it',
      contentLength: undefined,
      ended: true,
      reusable: false,
    });
  });

  it.each([
    ['a HEAD answer', lines(OK, 'content-length: 5', '', ''), true, 5, true],
    [
      'a chunked HEAD answer',
      lines(OK, 'transfer-encoding: chunked', '', ''),
      true,
      undefined,
      true,
    ],
    ['304', lines('HTTP/1.1 304 Not Modified', 'content-length: 9', '', ''), false, 9, true],
    ['204', lines('HTTP/1.1 204 No Content', '', ''), false, undefined, true],
    [
      '204 with a length',
      lines('HTTP/1.1 204 x', 'content-length: 0', '', ''),
      false,
      undefined,
      false,
    ],
    [
      '204 with a coding',
      lines('HTTP/1.1 204 x', 'transfer-encoding: chunked', '', ''),
      false,
      undefined,
      false,
    ],
  ])('passes %s on without content', (_name, wire, head, contentLength, reusable) => {
    expect(parse(wire, { head })).toMatchObject({
      contentLength,
      hasBody: false,
      body: '',
      ended: true,
      reusable,
      used: wire.length,
    });
  });

  it('ends an empty body with its head', () => {
    const answer = parse(lines(OK, 'content-length: 0', '', ''));
    expect(answer).toMatchObject({ hasBody: true, contentLength: 0, ended: true });
    expect(answer.events).toEqual(['head', 'end']);
  });

  it('skips interim answers', () => {
    const wire = lines(
      'HTTP/1.1 100 Continue',
      '',
      'HTTP/1.1 103 Early Hints',
      'link: </a>',
      '',
      OK,
      'content-length: 1',
      '',
      'x',
    );
    expect(parse(wire)).toMatchObject({ status: 200, headers: [], body: 'x', reusable: true });
  });

  it.each([
    ['Connection: close', lines(OK, 'Connection: x, Close', 'Content-Length: 0', '', '')],
    ['HTTP/1.0', lines('HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 0', '', '')],
  ])('does not reuse a connection after %s', (_name, wire) => {
    expect(parse(wire)).toMatchObject({ ended: true, reusable: false });
  });
});

describe('fields', () => {
  it('lower-cases names, trims values and keeps order and repeats', () => {
    const wire = lines(
      OK,
      'Set-Cookie: a=1',
      'SET-COOKIE:\t b=2 \t',
      'X-Empty:',
      'content-length:0',
      '',
      '',
    );
    expect(parse(wire).headers).toEqual(['set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-empty', '']);
  });

  it('passes obs-text on as latin1', () => {
    expect(
      parse(lines(OK, 'x-name: J\xfcrgen\x80\xff', 'content-length: 0', '', '')).headers,
    ).toEqual(['x-name', 'J\xfcrgen\x80\xff']);
  });

  it('removes hop-by-hop fields and those that Connection names', () => {
    const wire = lines(
      OK,
      'Connection: keep-alive, X-Hop,, x-two',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Trailer: x',
      'Upgrade: h2c',
      'Proxy-Authenticate: Basic',
      'Proxy-Whatever: 1',
      'X-Hop: 1',
      'x-TWO: 2',
      'X-Kept: 3',
      'Content-Length: 0',
      '',
      '',
    );
    expect(parse(wire).headers).toEqual(['x-kept', '3']);
  });

  it('tells names apart whose hashes collide in the table', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `x-${(i * 7919).toString(36)}`);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < names.length; i += 50) {
        const some = names.slice(i, i + 50);
        const wire = lines(
          OK,
          ...some.map(name => `${name.toUpperCase()}: v`),
          'content-length: 0',
          '',
          '',
        );
        expect(parseAnswer(wire).headers).toEqual(some.flatMap(name => [name, 'v']));
      }
    }
  });
});

const HEAD = `${OK}\r\n`;
const CHUNKED = lines(OK, 'transfer-encoding: chunked', '', '');

describe('refusals', () => {
  it.each([
    ['both framings', `${HEAD}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`],
    [
      'both framings, turned round',
      `${HEAD}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n`,
    ],
    ['differing lengths', `${HEAD}content-length: 3\r\ncontent-length: 4\r\n\r\nabc`],
    ['repeated lengths', `${HEAD}content-length: 3\r\nContent-Length: 3\r\n\r\nabc`],
    ['a list of lengths', `${HEAD}content-length: 3, 3\r\n\r\nabc`],
    ['a signed length', `${HEAD}content-length: +3\r\n\r\nabc`],
    ['a negative length', `${HEAD}content-length: -3\r\n\r\nabc`],
    ['a hexadecimal length', `${HEAD}content-length: 0x3\r\n\r\nabc`],
    ['an empty length', `${HEAD}content-length:\r\n\r\nabc`],
    ['a length with a blank', `${HEAD}content-length: 3 3\r\n\r\nabc`],
    ['a huge length', `${HEAD}content-length: 1000000000000000\r\n\r\nabc`],
    ['another coding', `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['identity', `${HEAD}transfer-encoding: identity\r\n\r\n`],
    ['chunked twice', `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['chunked with a parameter', `${HEAD}transfer-encoding: chunked;q=1\r\n\r\n`],
    ['a coding in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a bare LF after the status line', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
    ['a bare LF after a field', `${HEAD}x: y\ncontent-length: 0\r\n\r\n`],
    ['a bare LF as the empty line', `${HEAD}content-length: 0\r\n\n`],
    ['a bare CR in a value', `${HEAD}x: y\rz\r\n\r\n`],
    ['a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\n\r\n'],
    ['a folded line', `${HEAD}x: y\r\n z\r\n\r\n`],
    ['a fold before the first field', `${HEAD} x: y\r\n\r\n`],
    ['NUL in a value', `${HEAD}x: a\0b\r\n\r\n`],
    ['DEL in a value', `${HEAD}x: a\x7fb\r\n\r\n`],
    ['a control byte in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n'],
    ['an empty name', `${HEAD}: y\r\n\r\n`],
    ['a blank before the colon', `${HEAD}content-length : 0\r\n\r\n`],
    ['a tab before the colon', `${HEAD}x\t: 0\r\n\r\n`],
    ['a blank in a name', `${HEAD}x y: 0\r\n\r\n`],
    ['a non-ASCII name', `${HEAD}x\xfc: 0\r\n\r\n`],
    ['a line without a colon', `${HEAD}nonsense\r\n\r\n`],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
    ['a lower-case version', 'http/1.1 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['status 099', 'HTTP/1.1 099 x\r\n\r\n'],
    ['status 600', 'HTTP/1.1 600 x\r\n\r\n'],
    ['two blanks before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['an empty line first', `\r\n${HEAD}content-length: 0\r\n\r\n`],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
    ['an interim answer with a length', `HTTP/1.1 100 x\r\ncontent-length: 1\r\n\r\n`],
    ['an interim answer with a coding', `HTTP/1.1 102 x\r\ntransfer-encoding: chunked\r\n\r\n`],
    ['too many interim answers', 'HTTP/1.1 100 x\r\n\r\n'.repeat(9)],
    ['too many fields', `${HEAD}${'a: b\r\n'.repeat(129)}\r\n`],
    ['no chunk size', `${CHUNKED}\r\nabc`],
    ['a chunk size with a prefix', `${CHUNKED}0x3\r\nabc`],
    ['a signed chunk size', `${CHUNKED}+3\r\nabc`],
    ['a blank before a chunk size', `${CHUNKED} 3\r\nabc`],
    ['a blank after a chunk size', `${CHUNKED}3 \r\nabc\r\n`],
    ['a bare LF after a chunk size', `${CHUNKED}3\nabc\r\n`],
    ['a bare CR after a chunk size', `${CHUNKED}3\rxabc\r\n`],
    ['a chunk size of 14 digits', `${CHUNKED}00000000000003\r\nabc\r\n`],
    ['a chunk longer than its size', `${CHUNKED}3\r\nabcd\r\n`],
    ['a bare LF after a chunk', `${CHUNKED}3\r\nabc\n0\r\n\r\n`],
    ['a control byte in an extension', `${CHUNKED}3;a\x01\r\nabc\r\n`],
    ['a bare LF in an extension', `${CHUNKED}3;a\nabc\r\n`],
    ['a folded trailer', `${CHUNKED}0\r\na: b\r\n c\r\n\r\n`],
    ['a bare LF after a trailer', `${CHUNKED}0\r\na: b\n\r\n`],
    ['a bad trailer name', `${CHUNKED}0\r\na b: c\r\n\r\n`],
  ])('refuses %s', (_name, wire) => {
    expect(parse(wire)).toMatchObject({ used: -1, ended: false });
  });

  it.each([
    ['in the head', `${HEAD}content-le`],
    ['in a body with a length', lines(OK, 'content-length: 5', '', 'hell')],
    ['in a chunk', `${CHUNKED}5\r\nhell`],
    ['before the last chunk', `${CHUNKED}5\r\nhello\r\n`],
    ['in the trailers', `${CHUNKED}0\r\nx: y\r\n`],
    ['after an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ])('refuses a close %s', (_name, wire) => {
    expect(parse(wire, { eof: true })).toMatchObject({ error: 'closed', ended: false });
  });

  it.each([0, 1])('bounds the head at responseHeadMaxBytes (%i too many)', excess => {
    const frame = lines(OK, 'content-length: 0', 'x: ', '', '');
    const wire = frame.replace('x: ', `x: ${'v'.repeat(HEAD_MAX_BYTES - frame.length + excess)}`);
    const third = Math.floor(wire.length / 3);
    for (const cuts of [[], [1], [third, 2 * third], [wire.length - 1]]) {
      expect(parseAnswer(wire, { cuts }).ended, `cut at ${cuts}`).toBe(excess === 0);
    }
  });

  it('bounds each interim head and each trailer section alike', () => {
    const filler = `x: ${'v'.repeat(HEAD_MAX_BYTES)}\r\n\r\n`;
    expect(parseAnswer(`HTTP/1.1 100 x\r\n${filler}`).error).toContain('responseHeadMaxBytes');
    expect(parseAnswer(`${CHUNKED}0\r\n${filler}`).error).toContain('responseHeadMaxBytes');
  });

  it('bounds chunk extensions over the whole body', () => {
    const chunk = `1;${'e'.repeat(1_000)}\r\nx\r\n`;
    expect(parseAnswer(CHUNKED + chunk.repeat(8)).error).toBe('');
    expect(parseAnswer(CHUNKED + chunk.repeat(9)).error).toBe('too many chunk extensions');
  });
});
