/** Random bytes and damaged requests: the process lives, nothing stays, nothing false passes. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { expectIdle } from '../support/gauges.ts';
import { ECHO, RawCalls } from '../support/raw-request.ts';
import { RawSocket } from '../support/raw-socket.ts';

const RUNS = 400;

let upstream: RawUpstream;
let gateway: TestGateway;
let calls: RawCalls;
/** What reached the upstream and should not have. */
const strange: string[] = [];

beforeAll(async () => {
  upstream = new RawUpstream(({ socket, head }) => {
    if (!isWhatWasSigned(head)) strange.push(head);
    socket.write(answerOf('fine'));
  });
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: { limits: { bodyTimeoutMs: 200, respondTimeoutMs: 200 } },
  });
  calls = new RawCalls(gateway, 'huatong-supply-hmac');
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

/** Only the three requests below were ever signed, and the gateway names the caller once. */
function isWhatWasSigned(head: string): boolean {
  const apps = head.match(/^x-xingyun-app: .*$/gm) ?? [];
  return (
    /^(GET|POST) \/sandbox\/v1\/echo(\?a=1)? HTTP\/1\.1\r\n/.test(head) &&
    apps.length === 1 &&
    apps[0]!.includes('huatong-supply-app')
  );
}

type Damage = (bytes: Buffer) => Buffer;

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const telling = fc.constantFrom(0, 9, 10, 13, 32, 35, 37, 44, 47, 58, 59, 63, 127, 128, 255);
const byte = fc.oneof(telling, fc.nat(255));

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.tuple(position, byte).map(([at, value]) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    changed[Math.floor(at * changed.length)] = value;
    return changed;
  }),
  fc.tuple(position, fc.array(byte, { maxLength: 8 })).map(([at, added]) => (bytes: Buffer) => {
    const place = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(added), bytes.subarray(place)]);
  }),
  fc.tuple(position, fc.nat(40)).map(([at, length]) => (bytes: Buffer) => {
    const place = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
  }),
  fc.tuple(position, position).map(([from, to]) => (bytes: Buffer) => {
    const piece = bytes.subarray(Math.floor(from * bytes.length));
    const place = Math.floor(to * bytes.length);
    return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place)]);
  }),
);

const IN_CHUNKS = { method: 'POST', body: 'abc', framing: 'transfer-encoding: chunked' };

const kinds = fc.constantFrom<() => Buffer>(
  () => calls.bytes({ path: `${ECHO}?a=1` }),
  () => calls.bytes({ method: 'POST', body: '{"a":1}' }),
  () => Buffer.from(`${calls.head(IN_CHUNKS)}3\r\nabc\r\n0\r\n\r\n`),
);

/** Sends in pieces and leaves, sometimes after the first answer, sometimes at once. */
async function speak(bytes: Buffer, cuts: readonly number[], waits: boolean): Promise<void> {
  const socket = await RawSocket.open(gateway.port);
  socket.socket.setNoDelay(true);
  let at = 0;
  for (const cut of [...cuts]
    .sort((a, b) => a - b)
    .map(share => Math.floor(share * bytes.length))) {
    socket.send(bytes.subarray(at, cut));
    at = cut;
    await new Promise(setImmediate);
  }
  socket.send(bytes.subarray(at));
  // Half a request gets no answer, or one after bodyTimeoutMs; either is fine.
  if (waits) await socket.until(undefined, 30).catch(() => undefined);
  if (bytes.length % 2 === 0) socket.reset();
  else socket.destroy();
}

const cuts = fc.array(position, { maxLength: 3 });

describe('the front', () => {
  it('survives damaged requests', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        cuts,
        fc.boolean(),
        async (make, damages, cut, waits) => {
          const bytes = damages.reduce((whole, harm) => harm(whole), make());
          await speak(bytes, cut, waits).catch(ignoreReset);
          expect(strange).toEqual([]);
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
    await expectIdle(gateway);
  });

  it('survives bytes that were never a request', { timeout: 60_000 }, async () => {
    const word = fc.constantFrom(
      'GET ',
      'POST ',
      '/',
      ' HTTP/1.1\r\n',
      'host: a\r\n',
      '\r\n',
      ': ',
    );
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      fc
        .array(fc.oneof(word, fc.string()), { maxLength: 30 })
        .map(all => Buffer.from(all.join(''))),
      fc.nat(20_000).map(length => Buffer.alloc(length, 'a')),
    );
    await fc.assert(
      fc.asyncProperty(noise, cuts, async (bytes, cut) => {
        await speak(bytes, cut, false).catch(ignoreReset);
        expect(strange).toEqual([]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    await expectIdle(gateway);
  });

  it('still answers', async () => {
    const socket = await RawSocket.open(gateway.port);
    socket.send(calls.bytes());
    expect((await socket.next()).status).toBe(200);
    socket.destroy();
  });
});

/** The gateway may close while this side still writes. */
function ignoreReset(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error;
}
