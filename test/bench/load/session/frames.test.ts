import { describe, expect, it } from 'vitest';
import { BROKEN, COMPLETE, MORE } from '../../../../bench/load/answer-reader.ts';
import { clientFrame, toggleMask } from '../../../../bench/load/session/client-frames.ts';
import { ServerFrames } from '../../../../bench/load/session/server-frames.ts';
import { encodeFrame, FrameParser, OPCODE } from '../../../support/frame-codec.ts';

const sizes = [0, 1, 125, 126, 65_535, 65_536];

describe('a client frame', () => {
  it.each(sizes)('carries %i bytes, masked', size => {
    const payload = Buffer.alloc(size, 'x');
    const { bytes } = clientFrame(OPCODE.binary, payload);
    const frames = new FrameParser().push(bytes);
    expect(frames).toMatchObject([{ opcode: OPCODE.binary, fin: true, rsv: 0, masked: true }]);
    expect(frames[0]!.payload.equals(payload)).toBe(true);
  });

  it('has another key than the one before', () => {
    const [one, other] = [1, 2].map(() => clientFrame(OPCODE.text, Buffer.from('same')).bytes);
    expect(one!.equals(other!)).toBe(false);
  });

  it('has a part of its payload put in later, masked like the rest', () => {
    const frame = clientFrame(OPCODE.text, Buffer.from('abc???ghi'));
    frame.bytes.write('def', frame.payloadAt + 3);
    toggleMask(frame, 3, 3);
    expect(new FrameParser().push(frame.bytes)[0]!.payload.toString()).toBe('abcdefghi');
  });
});

describe('server frames', () => {
  const fromServer = (fields: object) => encodeFrame({ mask: false, ...fields });

  function read(...pieces: Buffer[]): { found: string[]; outcome: number } {
    const frames = new ServerFrames();
    const found: string[] = [];
    let outcome: number = MORE;
    for (const piece of pieces) {
      frames.feed(piece, 0, piece.length);
      for (outcome = frames.next(); outcome === COMPLETE; outcome = frames.next()) {
        const { opcode, bytes, start, length } = frames;
        found.push(`${opcode} ${bytes.toString('latin1', start, start + length)}`);
      }
      if (outcome === BROKEN) break;
      // What is read next comes into the same memory.
      piece.fill(0);
    }
    return { found, outcome };
  }

  it.each(sizes)('of %i bytes are found, whole or in pieces', size => {
    const payload = 'y'.repeat(size);
    const bytes = fromServer({ payload });
    expect(read(Buffer.from(bytes))).toEqual({ found: [`1 ${payload}`], outcome: MORE });
    const cuts = [1, 3, 5, 11].filter(cut => cut < bytes.length);
    const pieces = [0, ...cuts].map((from, i) => Buffer.from(bytes.subarray(from, cuts[i])));
    expect(read(...pieces)).toEqual({ found: [`1 ${payload}`], outcome: MORE });
  });

  it('are found one behind the other, also byte by byte', () => {
    const bytes = Buffer.concat([
      fromServer({ payload: 'one' }),
      fromServer({ opcode: OPCODE.ping, payload: 'two' }),
      fromServer({ opcode: OPCODE.binary, payload: 'three' }),
    ]);
    const found = ['1 one', '9 two', '2 three'];
    expect(read(Buffer.from(bytes))).toEqual({ found, outcome: MORE });
    expect(read(...[...bytes].map(byte => Buffer.of(byte)))).toEqual({ found, outcome: MORE });
  });

  it.each([
    ['masked', { mask: true, payload: 'x' }],
    ['with a reserved bit', { rsv: 4, payload: 'x' }],
    ['in fragments', { fin: false, payload: 'x' }],
    ['of an opcode that there is not', { opcode: 3 }],
    ['that are continuations of nothing', { opcode: OPCODE.continuation }],
    ['that control with too many bytes', { opcode: OPCODE.ping, payload: 'x'.repeat(126) }],
    ['of an absurd length', { declaredBytes: 2 ** 40, lengthBits: 64 }],
  ])('are broken where they are %s', (_, fields) => {
    expect(read(fromServer(fields)).outcome).toBe(BROKEN);
  });
});
