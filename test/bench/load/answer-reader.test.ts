import { describe, expect, it } from 'vitest';
import {
  AnswerReader,
  BROKEN,
  COMPLETE,
  MORE,
  type ReadOutcome,
} from '../../../bench/load/answer-reader.ts';

/** Feeds pieces until the reader says something else than MORE. */
function read(...pieces: string[]): { outcome: ReadOutcome; reader: AnswerReader } {
  const reader = new AnswerReader();
  let outcome: ReadOutcome = MORE;
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1');
    outcome = reader.read(bytes, bytes.length);
    if (outcome !== MORE) break;
  }
  return { outcome, reader };
}

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const PROBLEM = '{"code":"overloaded","status":503}';
const PROBLEM_ANSWER = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r
Content-Length: ${PROBLEM.length}\r\n\r\n${PROBLEM}`;

describe('the answer reader', () => {
  it.each([
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello'],
    ['without a body', 'HTTP/1.1 204 No Content\r\nx-a: b\r\n\r\n'],
    ['in chunks', `${CHUNKED}5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\nx-trailer: 1\r\n\r\n`],
    [
      'behind an interim one',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n',
    ],
    ['that is a problem', PROBLEM_ANSWER],
  ])('takes an answer %s, whole or byte by byte', (_, text) => {
    expect(read(text).outcome).toBe(COMPLETE);
    expect(read(...text).outcome).toBe(COMPLETE);
    expect(read(text.slice(0, -1)).outcome).toBe(MORE);
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['a body that only the end of the connection ends', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: 1x\r\n\r\na'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na'],
    [
      'a length beside chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
    ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n'],
    ['a broken chunk size', `${CHUNKED}zz\r\n`],
    ['a chunk longer than its size', `${CHUNKED}2\r\nabc\r\n0\r\n\r\n`],
    ['a chunk line that a bare line feed ends', `${CHUNKED}0\n\n`],
    ['bytes behind the answer', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab'],
    ['a line that is no field', 'HTTP/1.1 200 OK\r\nno colon\r\ncontent-length: 0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(70_000)}`],
  ])('refuses %s', (_, text) => {
    expect(read(text).outcome).toBe(BROKEN);
  });

  it('tells errors by the code of the problem, else by the status', () => {
    expect(read(PROBLEM_ANSWER).reader.errorKind()).toBe('overloaded');
    expect(read(...PROBLEM_ANSWER).reader.errorKind()).toBe('overloaded');
    const plain = read('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\n\r\noops').reader;
    expect(plain.errorKind()).toBe('status-502');
    const odd = read('HTTP/1.1 400 No\r\ncontent-length: 15\r\n\r\n{"code":"<b>x"}').reader;
    expect(odd.errorKind()).toBe('status-400');
  });

  it('compares length always, and bytes where it is told to', () => {
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
    for (const { reader } of [
      read(answer),
      read(...answer),
      read(`${CHUNKED}5\r\nhello\r\n0\r\n\r\n`),
    ]) {
      expect(reader.faultOf('hello')).toBeUndefined();
      expect(reader.faultOf('hell')).toBe('wrong-answer');
      expect(reader.faultOf('jello')).toBe('wrong-answer');
      reader.comparesBody = false;
      expect(reader.faultOf('jello')).toBeUndefined();
    }
    expect(read('HTTP/1.1 204 No\r\n\r\n').reader.faultOf('')).toBe('status-204');
  });

  it('sees that the server closes the connection', () => {
    const closing = 'HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n';
    expect(read(closing).reader.closes).toBe(true);
    expect(read('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n').reader.closes).toBe(false);
  });
});
