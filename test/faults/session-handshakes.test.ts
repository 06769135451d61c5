/** Handshakes that are none, come too early or are left: refused before the upgrade. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame } from '../support/frame-codec.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { type HandshakeOptions, handshake, handshakeBytes } from '../support/web-socket-frames.ts';
import { aCall, WatchedGateway } from './watched-gateway.ts';

const CROWD = 500;
const CROWD_AT_ONCE = 50;

let watched: WatchedGateway;

beforeAll(async () => {
  // In the pool, so that a connection can be gone before its signature is checked.
  watched = await WatchedGateway.start({ workers: { placement: 'pool' } });
});
afterEach(() => watched.expectUnharmed());
afterAll(() => watched?.close());

describe('a handshake', () => {
  const refused: Record<string, readonly [HandshakeOptions, number, string]> = {
    'of version 8': [{ headers: { 'sec-websocket-version': '8' } }, 426, 'upgrade-required'],
    'of no version': [{ headers: { 'sec-websocket-version': undefined } }, 426, 'upgrade-required'],
    'without Upgrade': [{ headers: { upgrade: undefined } }, 426, 'upgrade-required'],
    'to another protocol': [{ headers: { upgrade: 'h2c' } }, 426, 'upgrade-required'],
    'without Connection': [{ headers: { connection: undefined } }, 426, 'upgrade-required'],
    'with another Connection': [{ headers: { connection: 'close' } }, 426, 'upgrade-required'],
    'without a key': [{ headers: { 'sec-websocket-key': undefined } }, 426, 'upgrade-required'],
    'with a short key': [{ headers: { 'sec-websocket-key': 'AAAA' } }, 426, 'upgrade-required'],
    'without a subprotocol': [{ subprotocols: [] }, 400, 'subprotocol-unsupported'],
    'with other subprotocols': [{ subprotocols: ['mqtt'] }, 400, 'subprotocol-unsupported'],
    'by POST': [{ method: 'POST', headers: { 'content-length': '0' } }, 426, 'upgrade-required'],
    'at another path': [{ path: '/wss' }, 404, 'not-found'],
    'with a body': [{ headers: { 'content-length': '3' } }, 400, 'malformed-request'],
    'that is not signed': [
      { headers: { signature: undefined, 'signature-input': undefined } },
      401,
      'signature-missing',
    ],
    'signed by nobody': [{ headers: { signature: 'sig=:AAAA:' } }, 401, 'signature-invalid'],
  };

  it.each(Object.entries(refused))('is refused: %s', async (_name, [options, status, code]) => {
    const answer = await handshake(watched.gateway, { ...watched.signing, ...options });
    expect([answer.status, answer.code]).toEqual([status, code]);
    if (status === 426) {
      expect(answer.headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-version': '13' });
    }
  });

  it.each(['Upgrade', 'keep-alive, upgrade', 'UPGRADE'])('takes Connection: %s', async text => {
    const session = await watched.open({ headers: { connection: text, upgrade: 'WebSocket' } });
    await watched.expectCalls(session);
  });

  // RFC 6455 section 4.1: the client waits for the answer before it sends anything else.
  it.each([1, 9, 1_000])('is followed too early by %i bytes of a call: no call', async bytes => {
    const before = watched.upstream.requests.length;
    const call = encodeFrame({ payload: JSON.stringify(aCall()) });
    const options = { ...watched.signing, behind: call.subarray(0, bytes) };
    const { status, session } = await handshake(watched.gateway, options);
    if (session === undefined) expect(status).toBeGreaterThanOrEqual(400);
    await session?.write(call.subarray(bytes));
    session?.close(1_000);
    await session?.closed();
    expect(watched.upstream.requests.length).toBe(before);
  });

  it(`left by ${CROWD} with a reset before its answer leaves nothing`, async () => {
    const { gateway, signing } = watched;
    for (let left = CROWD; left > 0; left -= CROWD_AT_ONCE) {
      const sockets = await Promise.all(
        Array.from({ length: CROWD_AT_ONCE }, () => RawSocket.open(gateway.port)),
      );
      for (const [index, socket] of sockets.entries()) {
        const bytes = handshakeBytes(gateway, signing);
        // Whole for half of them, and cut off everywhere for the others.
        socket.send(index % 2 === 0 ? bytes : bytes.subarray(0, (bytes.length * index) / 50));
      }
      await new Promise(setImmediate);
      for (const socket of sockets) socket.reset();
    }
  });
});
