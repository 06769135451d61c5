/** permessage-deflate (RFC 7692) where it is on: what unpacks to too much, and what does not. */
import { deflateRawSync, inflateRawSync, constants as zlib } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame, OPCODE } from '../support/frame-codec.ts';
import { residentBytes } from '../support/gauges.ts';
import { handshake } from '../support/web-socket-frames.ts';
import { aCall, CUT, ECHO, WatchedGateway } from './watched-gateway.ts';

const MESSAGE_MAX_BYTES = 4_096;
const RSV1 = 0b100;
const OFFER = { headers: { 'sec-websocket-extensions': 'permessage-deflate' } };
/** What an empty block leaves at the end, which is not sent (RFC 7692 section 7.2.1). */
const TAIL = Buffer.of(0x00, 0x00, 0xff, 0xff);

let watched: WatchedGateway;

beforeAll(async () => {
  watched = await WatchedGateway.start({
    webSocket: { messageMaxBytes: MESSAGE_MAX_BYTES, compression: 'shared' },
  });
});
afterEach(() => watched.expectUnharmed());
afterAll(() => watched?.close());

function packed(text: string | Buffer): Buffer {
  const whole = deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH });
  return whole.subarray(0, whole.length - TAIL.length);
}

const compressed = (text: string | Buffer) => encodeFrame({ payload: packed(text), rsv: RSV1 });

describe('compression', () => {
  it('is agreed on where it is offered, and not otherwise', async () => {
    const agreed = await handshake(watched.gateway, { ...watched.signing, ...OFFER });
    expect(agreed.headers['sec-websocket-extensions']).toMatch(/^permessage-deflate/);
    const plain = await handshake(watched.gateway, watched.signing);
    expect(plain.headers['sec-websocket-extensions']).toBeUndefined();
    agreed.session!.destroy();
    plain.session!.destroy();
  });

  it('carries calls, in one frame and in fragments', async () => {
    const session = await watched.open(OFFER);
    await session.write(compressed(JSON.stringify(aCall())));
    const bytes = packed(JSON.stringify(aCall()));
    await session.frame({ payload: bytes.subarray(0, 20), rsv: RSV1, fin: false });
    await session.ping();
    await session.frame({ opcode: OPCODE.continuation, payload: bytes.subarray(20) });
    for (let left = 2; left > 0; left--) {
      const message = await session.nextMessage();
      const text = message.text.startsWith('{')
        ? message.text
        : inflateRawSync(Buffer.concat([message.bytes, TAIL]), { finishFlush: zlib.Z_SYNC_FLUSH });
      expect(JSON.parse(String(text))).toMatchObject({ result: { status: 200 } });
    }
  });

  it('carries calls that are not compressed beside those that are', async () => {
    const session = await watched.open(OFFER);
    await session.json(aCall(`${ECHO}?plain=1`));
    await session.nextMessage();
    await session.write(compressed(JSON.stringify(aCall())));
    await session.nextMessage();
  });
});

describe('a compressed message', () => {
  const TOO_LARGE = { code: 1_009, reason: 'body-too-large' };
  it.each([
    [MESSAGE_MAX_BYTES + 1, TOO_LARGE],
    [2 * MESSAGE_MAX_BYTES + 1, CUT],
    [8_000_000, CUT],
  ] as const)('that unpacks to %i bytes is none, and costs no memory', async (bytes, end) => {
    const bomb = encodeFrame({ payload: packed(Buffer.alloc(bytes, ' ')), rsv: RSV1 });
    const before = residentBytes(watched.gateway);
    for (let left = 20; left > 0; left--) expect(await watched.endedBy(bomb, OFFER)).toEqual(end);
    expect(residentBytes(watched.gateway) - before).toBeLessThan(32 * 1_048_576);
  });

  const wrong: Record<string, Buffer> = {
    'that is no deflate': encodeFrame({ payload: Buffer.alloc(100, 0xff), rsv: RSV1 }),
    'that unpacks to text that is not UTF-8': compressed(Buffer.of(0xff)),
    // uWebSockets.js takes the mark of a ping for that of the next message, which is not packed.
    'in a ping, with the message behind it': Buffer.concat([
      encodeFrame({ opcode: OPCODE.ping, rsv: RSV1 }),
      encodeFrame({ payload: JSON.stringify(aCall()) }),
    ]),
    'with another reserved bit': encodeFrame({ payload: packed('p'), rsv: 0b110 }),
    'marked at a later fragment': Buffer.concat([
      encodeFrame({ payload: '{', fin: false }),
      encodeFrame({ opcode: OPCODE.continuation, payload: packed('}'), rsv: RSV1 }),
    ]),
  };

  it.each(Object.entries(wrong))('cuts the connection: %s', async (_name, bytes) => {
    expect(await watched.endedBy(bytes, OFFER)).toEqual(CUT);
  });

  it('cuts a connection on which it was not agreed', async () => {
    expect(await watched.endedBy(compressed(JSON.stringify(aCall())))).toEqual(CUT);
  });
});
