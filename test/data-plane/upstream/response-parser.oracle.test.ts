import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedCase, validCase, type WireCase } from './answer-arbitraries.ts';
import { askNodeHttp, askUndici, type OracleResult, WireServer } from './oracles.ts';
import { parseAnswer } from './parsed-answers.ts';

/** Fields that the parser keeps for itself; those that Connection names come on top. */
const OWN =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|content-length|proxy-.*)$/;

/** The table in response-parser.ts, as the errors that its lines give. */
const STRICTER = new Set([
  'repeated Content-Length',
  'malformed Content-Length',
  'both Content-Length and Transfer-Encoding',
  'transfer coding other than chunked',
  'repeated Transfer-Encoding',
  'Transfer-Encoding in an HTTP/1.0 answer',
  'invalid status line',
  'folded header line',
  'bare LF in the head',
  'bare CR in the head',
  'control byte in the head',
  'whitespace in or after a header name',
  'invalid chunk size',
  'invalid chunk extension',
  '101 without an upgrade',
  'framing fields in an interim answer',
]);

function kept(headers: readonly string[]): string[] {
  const named = new Set<string>();
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'connection') {
      for (const name of headers[i + 1]!.toLowerCase().split(',')) named.add(name.trim());
    }
  }
  const result: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (OWN.test(headers[i]!) || named.has(headers[i]!)) continue;
    result.push(headers[i]!, headers[i + 1]!);
  }
  return result;
}

describe.each([
  ['node:http', askNodeHttp, /^never$/],
  // Refuses a 100 where no Expect was sent; RFC 9110 section 15.2 wants it skipped.
  ['undici', askUndici, /^HTTP\/1\.1 100/],
])('compared with %s', (_name, ask, refusedByThem) => {
  const server = new WireServer();
  let port = 0;
  beforeAll(async () => {
    port = await server.listen();
  });
  afterAll(() => server.close());

  const isAskable = ({ wire }: WireCase) => !refusedByThem.test(wire.toString('latin1'));

  async function bothOf({ wire, head }: WireCase) {
    server.wire = wire;
    const theirs: OracleResult = await ask(port, head);
    return { ours: parseAnswer(wire, { head, eof: true }), theirs };
  }

  function expectSame(
    ours: ReturnType<typeof parseAnswer>,
    theirs: Exclude<OracleResult, string>,
  ): void {
    expect({ status: ours.status, headers: ours.headers, body: ours.body }).toEqual({
      status: theirs.status,
      headers: kept(theirs.headers),
      body: theirs.body,
    });
  }

  it('reads right answers the same', async () => {
    await fc.assert(
      fc.asyncProperty(validCase.filter(isAskable), async wireCase => {
        const { ours, theirs } = await bothOf(wireCase);
        expect(ours.error).toBe('');
        expect(theirs).toBeTypeOf('object');
        expectSame(ours, theirs as Exclude<OracleResult, string>);
      }),
      { numRuns: 150 },
    );
  });

  it('reads changed answers the same, or is stricter in a documented way', async () => {
    await fc.assert(
      fc.asyncProperty(changedCase.filter(isAskable), async wireCase => {
        const { ours, theirs } = await bothOf(wireCase);
        if (ours.error !== '') {
          if (typeof theirs !== 'string') expect(STRICTER).toContain(ours.error);
        } else if (ours.used === wireCase.wire.length) {
          expect(theirs).toBeTypeOf('object');
          expectSame(ours, theirs as Exclude<OracleResult, string>);
        } else if (typeof theirs !== 'string') {
          // Bytes after the answer: they may refuse it for them, we close the connection.
          expectSame(ours, theirs);
        }
      }),
      { numRuns: 300 },
    );
  });
});
