/** Raw frames, right ones and wrong ones: RFC 6455 conduct, and nothing of it stays. */
import { Packr, Unpackr } from 'msgpackr';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { closePayload, encodeFragments, encodeFrame, OPCODE } from '../support/frame-codec.ts';
import { MSGPACK_SUBPROTOCOL } from '../support/web-socket-frames.ts';
import { aCall, CUT, ECHO, SILENT, WatchedGateway } from './watched-gateway.ts';

const MESSAGE_MAX_BYTES = 4_096;
const CROWD = 500;
const CROWD_AT_ONCE = 50;

const PACKING = { useRecords: false };
const packr = new Packr(PACKING);
const unpackr = new Unpackr(PACKING);

let watched: WatchedGateway;

beforeAll(async () => {
  watched = await WatchedGateway.start({ webSocket: { messageMaxBytes: MESSAGE_MAX_BYTES } });
});
afterEach(() => watched.expectUnharmed());
afterAll(() => watched?.close());

describe('a message in fragments', () => {
  const inPieces: Record<string, readonly number[]> = {
    'in two': [20],
    'in three, one of them empty': [20, 20],
    'byte by byte': Array.from({ length: 60 }, (_, i) => i + 1),
    'with nothing in the first and the last': [0, 5_000],
  };

  it.each(Object.entries(inPieces))('is one call: %s', async (_name, cuts) => {
    const session = await watched.open();
    const call = aCall(`${ECHO}?a=1`);
    await session.fragmented(JSON.stringify(call), cuts);
    expect(await session.nextJson()).toMatchObject({ id: call.id, result: { body: { ok: 1 } } });
  });

  it('has pings between them, which are answered at once and in their order', async () => {
    const session = await watched.open();
    const call = aCall();
    const fragments = encodeFragments(JSON.stringify(call), [10, 20, 30]);
    for (const [index, fragment] of fragments.entries()) {
      await session.write(fragment);
      await session.ping(`${index}`.repeat(125));
      const pong = await session.nextControl();
      expect([pong.opcode, pong.payload.toString()]).toEqual([OPCODE.pong, `${index}`.repeat(125)]);
    }
    expect(await session.nextJson()).toMatchObject({ id: call.id });
  });

  it('has pongs between them that nobody asked for', async () => {
    const session = await watched.open();
    const call = aCall();
    const [first, last] = encodeFragments(JSON.stringify(call), [10]);
    const pong = encodeFrame({ opcode: OPCODE.pong, payload: 'unasked' });
    await session.write(Buffer.concat([first!, pong, last!]));
    expect(await session.nextJson()).toMatchObject({ id: call.id });
  });

  it('is cut within a character', async () => {
    const session = await watched.open();
    const call = aCall(ECHO, { method: 'POST', body: '星云🌌' });
    const text = Buffer.from(JSON.stringify(call));
    const at = text.indexOf(Buffer.from('星'));
    await session.fragmented(text, [at + 1, at + 2, at + 4, at + 7, at + 8]);
    expect(await session.nextJson()).toMatchObject({ id: call.id, result: { status: 200 } });
    expect(Buffer.from(watched.upstream.requests.at(-1)!.body, 'latin1').toString()).toBe(
      '"星云🌌"',
    );
  });

  it('is MessagePack on a session of that kind', async () => {
    const session = await watched.open({ subprotocols: [MSGPACK_SUBPROTOCOL] });
    const call = aCall();
    await session.fragmented(packr.pack(call), [1, 2, 9], OPCODE.binary);
    const { bytes } = await session.nextMessage();
    expect(unpackr.unpack(bytes)).toMatchObject({ id: call.id, result: { status: 200 } });
  });

  it('is given up with a close frame in its midst', async () => {
    const [first] = encodeFragments(JSON.stringify(aCall()), [10]);
    const close = encodeFrame({ opcode: OPCODE.close, payload: closePayload(1_001, 'away') });
    expect(await watched.endedBy(Buffer.concat([first!, close]))).toEqual({
      code: 1_001,
      reason: 'away',
    });
  });
});

describe('a message that comes slowly', () => {
  it('is a call when its last byte is there', async () => {
    const session = await watched.open();
    const call = aCall();
    await session.dribble(encodeFrame({ payload: JSON.stringify(call) }));
    expect(await session.nextJson()).toMatchObject({ id: call.id });
    const fragments = encodeFragments(JSON.stringify({ ...call, id: 'again' }), [5, 40]);
    await session.dribble(Buffer.concat(fragments), 3);
    expect(await session.nextJson()).toMatchObject({ id: 'again' });
  });

  it('keeps nobody from answers to the calls before it', async () => {
    const session = await watched.open();
    const call = aCall();
    const begun = encodeFrame({ payload: JSON.stringify(aCall()) }).subarray(0, 30);
    await session.write(Buffer.concat([encodeFrame({ payload: JSON.stringify(call) }), begun]));
    expect(await session.nextJson()).toMatchObject({ id: call.id });
  });
});

describe('text that is not UTF-8', () => {
  const wrong: Record<string, Buffer> = {
    'in one frame': encodeFrame({ payload: Buffer.of(0x22, 0xff, 0x22) }),
    'an overlong form': encodeFrame({ payload: Buffer.of(0x22, 0xc0, 0xaf, 0x22) }),
    'a surrogate': encodeFrame({ payload: Buffer.of(0x22, 0xed, 0xa0, 0x80, 0x22) }),
    'a character cut off': encodeFrame({ payload: Buffer.of(0x22, 0xe6, 0x98) }),
    'over fragments': Buffer.concat(encodeFragments(Buffer.of(0x22, 0xe6, 0x98, 0x22, 0x22), [2])),
    'a character cut off by the last fragment': Buffer.concat(
      encodeFragments(Buffer.of(0x22, 0xe6, 0x98), [1, 2]),
    ),
  };

  it.each(Object.entries(wrong))('cuts the connection: %s', async (_name, bytes) => {
    expect(await watched.endedBy(bytes)).toEqual(CUT);
  });
});

describe('a message of', () => {
  /** A call of exactly so many bytes. */
  const sized = (bytes: number) => {
    const text = JSON.stringify(aCall());
    return text + ' '.repeat(bytes - text.length);
  };
  const TOO_LARGE = { code: 1_009, reason: 'body-too-large' };

  it('messageMaxBytes is a call', async () => {
    const session = await watched.open();
    await session.text(sized(MESSAGE_MAX_BYTES));
    expect(await session.nextJson()).toMatchObject({ result: { status: 200 } });
    await session.fragmented(sized(MESSAGE_MAX_BYTES), [1_000, 2_000]);
    expect(await session.nextJson()).toMatchObject({ result: { status: 200 } });
  });

  it.each([MESSAGE_MAX_BYTES + 1, 2 * MESSAGE_MAX_BYTES])('%i bytes closes with 1009', async n => {
    expect(await watched.endedBy(encodeFrame({ payload: sized(n) }))).toEqual(TOO_LARGE);
    const pieces = Buffer.concat(encodeFragments(sized(n), [4_000, 4_050]));
    expect(await watched.endedBy(pieces)).toEqual(TOO_LARGE);
  });

  it('more than twice that is cut', async () => {
    const text = sized(2 * MESSAGE_MAX_BYTES + 1);
    expect(await watched.endedBy(encodeFrame({ payload: text }))).toEqual(CUT);
    expect(await watched.endedBy(Buffer.concat(encodeFragments(text, [4_000, 8_000])))).toEqual(
      CUT,
    );
  });

  it.each([2 ** 14, 2 ** 32 + 1, 2 ** 52])('announced %i bytes is cut at once', async bytes => {
    expect(await watched.endedBy(encodeFrame({ declaredBytes: bytes, lengthBits: 64 }))).toEqual(
      CUT,
    );
  });

  it('endless fragments is cut before they end', async () => {
    const session = await watched.open();
    await session.frame({ payload: '"', fin: false });
    const part = encodeFrame({ opcode: OPCODE.continuation, fin: false, payload: 'x'.repeat(500) });
    let partsLeft = 100_000;
    while (session.isOpen && partsLeft > 0) {
      await session.write(part);
      partsLeft--;
    }
    expect(await session.closed()).toMatchObject({ code: CUT.code });
    expect(partsLeft).toBeGreaterThan(0);
  });
});

describe('a frame that RFC 6455 does not know', () => {
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sandbox.getEcho' });
  const wrong: Record<string, Buffer> = {
    'the first reserved bit': encodeFrame({ payload: text, rsv: 0b100 }),
    'the second reserved bit': encodeFrame({ payload: text, rsv: 0b010 }),
    'the third reserved bit': encodeFrame({ payload: text, rsv: 0b001 }),
    'a reserved bit on a ping': encodeFrame({ opcode: OPCODE.ping, rsv: 0b100 }),
    'a ping in fragments': encodeFrame({ opcode: OPCODE.ping, fin: false }),
    'a pong in fragments': encodeFrame({ opcode: OPCODE.pong, fin: false }),
    'a close in fragments': encodeFrame({ opcode: OPCODE.close, fin: false }),
    'a ping of 126 bytes': encodeFrame({ opcode: OPCODE.ping, payload: 'x'.repeat(126) }),
    'a close of 126 bytes': encodeFrame({
      opcode: OPCODE.close,
      payload: closePayload(1_000, 'x'.repeat(124)),
    }),
    'a continuation of nothing': encodeFrame({ opcode: OPCODE.continuation, payload: text }),
    'a message within a message': Buffer.concat([
      encodeFrame({ payload: text, fin: false }),
      encodeFrame({ payload: text }),
    ]),
  };
  for (const opcode of [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf]) {
    wrong[`the reserved opcode ${opcode}`] = encodeFrame({ opcode, payload: text });
  }

  it.each(Object.entries(wrong))('cuts the connection: %s', async (_name, bytes) => {
    expect(await watched.endedBy(bytes)).toEqual(CUT);
  });
});

describe('an unmasked frame', () => {
  it.each([0, 1, 7, 100, 1_000])('is never a call: %i bytes more than the call', async more => {
    const before = watched.upstream.requests.length;
    const session = await watched.open();
    const payload = `${JSON.stringify(aCall())}${' '.repeat(more)}`;
    await session.frame({ payload, mask: false });
    // Reserved in every position: wherever the gateway looks for the next frame, it is none.
    const noise = Buffer.alloc(1_000, 0xff);
    while (session.isOpen) {
      await session.write(noise);
      await new Promise(setImmediate);
    }
    expect(await session.closed()).toMatchObject({ code: CUT.code });
    await expect(session.nextMessage()).rejects.toMatchObject({ name: 'SessionClosed' });
    expect(watched.upstream.requests.length).toBe(before);
  });
});

describe('a close frame', () => {
  const answered: Record<string, readonly [Buffer, object]> = {
    'with 1000': [closePayload(1_000, 'done'), { code: 1_000, reason: 'done' }],
    'with 1001': [closePayload(1_001), { code: 1_001, reason: '' }],
    'with a code of its own': [closePayload(4_999, '星云'), { code: 4_999, reason: '星云' }],
    'with the longest reason': [
      closePayload(1_000, 'x'.repeat(123)),
      { code: 1_000, reason: 'x'.repeat(123) },
    ],
    'without a code': [closePayload(), { code: 1_005, reason: '' }],
  };

  it.each(Object.entries(answered))('is answered in kind: %s', async (_name, [payload, end]) => {
    expect(await watched.endedBy(encodeFrame({ opcode: OPCODE.close, payload }))).toEqual(end);
  });

  const wrong: Record<string, Buffer> = {
    'one byte': Buffer.of(3),
    'the code 1005, which is not to be sent': closePayload(1_005),
    'the code 1006, which is not to be sent': closePayload(1_006),
    'the code 0': closePayload(0, 'x'),
    'the code 5000': closePayload(5_000, 'x'),
    'a reason that is not UTF-8': closePayload(1_000, Buffer.of(0xff)),
  };

  it.each(Object.entries(wrong))('ends the session without an echo: %s', async (_name, payload) => {
    const end = await watched.endedBy(encodeFrame({ opcode: OPCODE.close, payload }));
    expect(end).toEqual({ code: 1_005, reason: '' });
  });

  it('is the last that is read', async () => {
    const close = encodeFrame({ opcode: OPCODE.close, payload: closePayload(1_000) });
    const behind = encodeFrame({ payload: JSON.stringify(aCall()) });
    expect(await watched.endedBy(Buffer.concat([close, behind]))).toMatchObject({ code: 1_000 });
  });

  it('ends calls that are under way', async () => {
    const session = await watched.open();
    const before = watched.upstream.requests.length;
    await session.json(aCall(`${ECHO}?${SILENT}`));
    await eventually(() => watched.upstream.requests.length).toBe(before + 1);
    await session.close(1_000);
    expect(await session.closed()).toMatchObject({ code: 1_000 });
  });
});

describe('a frame of the wrong type closes with 1003:', () => {
  const FRAME_TYPE = { code: 1_003, reason: 'frame-type' };

  it('binary on a session in JSON', async () => {
    const payload = JSON.stringify(aCall());
    const bytes = encodeFrame({ opcode: OPCODE.binary, payload });
    expect(await watched.endedBy(bytes)).toEqual(FRAME_TYPE);
  });

  it('text on a session in MessagePack', async () => {
    const options = { subprotocols: [MSGPACK_SUBPROTOCOL] };
    const bytes = encodeFrame({ payload: JSON.stringify(aCall()) });
    expect(await watched.endedBy(bytes, options)).toEqual(FRAME_TYPE);
  });
});

describe('a reset', () => {
  const frame = encodeFrame({ payload: JSON.stringify(aCall()) });
  const [fragment] = encodeFragments(JSON.stringify(aCall()), [20]);
  const begun: Record<string, Buffer> = {
    'within the head of a frame': frame.subarray(0, 1),
    'within the mask': frame.subarray(0, 4),
    'within the payload': frame.subarray(0, 40),
    'between fragments': fragment!,
    'within a ping': encodeFrame({ opcode: OPCODE.ping, payload: 'ping' }).subarray(0, 7),
    'behind a call': frame,
  };

  it.each(Object.entries(begun))('leaves nothing: %s', async (_name, bytes) => {
    const session = await watched.open();
    await session.write(bytes);
    session.reset();
    expect(await session.closed()).toMatchObject({ code: CUT.code });
  });

  it('ends calls that are under way', async () => {
    const session = await watched.open();
    const before = watched.upstream.requests.length;
    for (let i = 0; i < 10; i++) void session.json(aCall(`${ECHO}?${SILENT}`));
    await eventually(() => watched.upstream.requests.length).toBe(before + 10);
    session.reset();
  });

  it(`of ${CROWD} sessions leaves nothing`, async () => {
    for (let left = CROWD; left > 0; left -= CROWD_AT_ONCE) {
      const sessions = await Promise.all(
        Array.from({ length: CROWD_AT_ONCE }, () => watched.open()),
      );
      for (const session of sessions) void session.write(frame);
      for (const session of sessions) session.reset();
    }
  });
});
