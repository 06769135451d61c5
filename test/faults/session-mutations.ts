/** Seeded damage to messages and frames, and whether a session has to survive it. */
import { isUtf8 } from 'node:buffer';
import { Packr } from 'msgpackr';
import type { Random } from '../../bench/load/random.ts';
import { closePayload, encodeFragments, encodeFrame, OPCODE } from '../support/frame-codec.ts';

export const FUZZ_SUBPROTOCOLS = ['xingyun.v1+json', 'xingyun.v1+msgpack'] as const;
export type FuzzSubprotocol = (typeof FUZZ_SUBPROTOCOLS)[number];

/** What the gateway is started with. */
export const FUZZ_MESSAGE_MAX_BYTES = 8_192;
/** Share of cases that break frames; each of them ends its connection. */
const FRAME_CASES_SHARE = 0.08;
const OVERSIZED_SHARE = 0.005;

export interface FuzzCase {
  readonly bytes: Buffer;
  /**
   * `survives`: the session has to go on. `ends`: the gateway has to end it. `either`: the bytes
   * may stand for anything, or for the beginning of it.
   */
  readonly outcome: 'survives' | 'ends' | 'either';
}

const packr = new Packr({ useRecords: false });
const ECHO = '/sandbox/v1/echo';
const CALL = { jsonrpc: '2.0', method: 'call' };

/** Every kind of message that a partner sends, and some that only the gateway sends. */
const MESSAGES: readonly object[] = [
  { ...CALL, id: 1, params: { method: 'GET', path: `${ECHO}?a=1` } },
  { ...CALL, id: 'two', params: { method: 'POST', path: ECHO, body: { a: [1, { b: 'c' }] } } },
  { ...CALL, params: { method: 'GET', path: ECHO } },
  { ...CALL, id: 3, params: { method: 'DELETE', path: '/nowhere/../x', deadlineMs: 5 } },
  {
    jsonrpc: '2.0',
    id: 4,
    method: 'sandbox.getEcho',
    params: {
      query: { a: ['x', 1, true], 'ü ü': '星' },
      headers: { 'x-request-id': 'r-1', traceparent: '00-0-0-00', 'x-xingyun-timing': '1' },
    },
  },
  {
    jsonrpc: '2.0',
    id: 5,
    method: 'sandbox.postEcho',
    params: { headers: { 'content-type': 'a/b' }, bodyBase64: 'AAEC/w==', deadlineMs: 1 },
  },
  {
    jsonrpc: '2.0',
    id: 6,
    method: 'accounts.getBalances',
    params: { path: { accountId: 'acc-huatong-supply-1' } },
  },
  {
    jsonrpc: '2.0',
    id: 7,
    method: 'sandbox.postEcho',
    params: {
      body: 'signed',
      headers: {
        'signature-input': 'sig=("@method");created=1;nonce="n";keyid="huatong-supply-hmac"',
        signature: 'sig=:AAAA:',
        'content-digest': 'sha-256=:AAAA:',
      },
    },
  },
  { jsonrpc: '2.0', id: 8, method: 'cancel', params: { id: 1 } },
  { jsonrpc: '2.0', id: 9, method: 'subscribe', params: { topic: 'fuzz' } },
  { jsonrpc: '2.0', id: 10, method: 'subscribe', params: { topic: 'fuzz', after: '0a1b2c3d.7' } },
  { jsonrpc: '2.0', id: 11, method: 'unsubscribe', params: { topic: 'fuzz' } },
  { jsonrpc: '2.0', method: 'goaway', params: { deadlineMs: 1, reason: 'r' } },
  { jsonrpc: '2.0', id: 12, result: { status: 200, body: 1 } },
  { jsonrpc: '2.0', id: 13, error: { code: -32_000, message: 'm', data: {} } },
  [
    { ...CALL, id: 14, params: { method: 'GET', path: ECHO } },
    { jsonrpc: '2.0', method: 'cancel', params: { id: 14 } },
    { jsonrpc: '2.0', id: 15, method: 'subscribe', params: { topic: 'fuzz' } },
    { jsonrpc: '2.0', id: 16, method: 'no.such' },
  ],
];

const LONE_SURROGATE = '\ud800';
/** Values that a reader may trip over, whatever stands in their place. */
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53, -(2 ** 53), 5e-324, 600_001],
  ...['', ' ', '.', '/', '//', '%', '%00', '%2e%2e', 'x'.repeat(65), 'x'.repeat(2_000)],
  ...['__proto__', 'constructor', 'toString', 'a\r\nx-xingyun-app: other', 'a\nb', '\0'],
  ...[LONE_SURROGATE, '星云', '\u{1f30c}', '2.0', 'call', 'sandbox.postEcho', 'GET /', ECHO],
  ...[[], {}, [[]], [[1], {}], { length: 3 }, [null], JSON.parse('{"__proto__":{"a":1},"then":1}')],
];
/** What only MessagePack can say. */
const BINARY_VALUES: readonly unknown[] = [
  ...[2n ** 63n, -(2n ** 63n), 2n ** 64n - 1n, Number.NaN, Number.POSITIVE_INFINITY],
  ...[undefined, new Date(0), new Uint8Array([0, 255, 128]), new Uint8Array(1_000), new Set([1])],
];
const ODD_NAMES = [
  '',
  '__proto__',
  'constructor',
  'id',
  'method',
  'params',
  'body',
  'jsonrpc',
  'é',
];
/** Bytes with a meaning in JSON, in MessagePack or in a frame. */
const TELLING_BYTES = Buffer.from('"\\{}[]:,0-eE.tfn\n\t\0 u', 'latin1');
const TELLING_FORMATS = Buffer.from(
  'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf8f9fbfff7f80',
  'hex',
);
const DEPTHS = [10, 63, 64, 65, 500, 3_000];

/** One case of the stream that the random numbers stand for. */
export function nextCase(random: Random, subprotocol: FuzzSubprotocol): FuzzCase {
  const roll = random.unit();
  if (roll < FRAME_CASES_SHARE) return frameCase(random, subprotocol);
  if (roll < FRAME_CASES_SHARE + OVERSIZED_SHARE) return oversizedCase(random, subprotocol);
  return messageCase(random, subprotocol);
}

function pick<T>(random: Random, all: ArrayLike<T>): T {
  return all[random.below(all.length)]!;
}

function messageCase(random: Random, subprotocol: FuzzSubprotocol): FuzzCase {
  const payload = damagedPayload(random, subprotocol).subarray(0, FUZZ_MESSAGE_MAX_BYTES);
  const isJson = subprotocol === 'xingyun.v1+json';
  const isBroken = isJson && !isUtf8(payload);
  const bytes = framed(random, payload, isJson ? OPCODE.text : OPCODE.binary);
  return { bytes, outcome: isBroken ? 'ends' : 'survives' };
}

function damagedPayload(random: Random, subprotocol: FuzzSubprotocol): Buffer {
  const isJson = subprotocol === 'xingyun.v1+json';
  const message = pick(random, MESSAGES);
  const values = isJson ? ODD_VALUES : [...ODD_VALUES, ...BINARY_VALUES];
  const encode = isJson ? encodeJson : encodePacked;
  switch (random.below(8)) {
    case 0:
      return encode(message);
    case 1:
    case 2:
      return encode(damagedTree(random, message, values));
    case 3:
      return encode(damagedTree(random, damagedTree(random, message, values), values));
    case 4:
      return nested(random, isJson);
    case 5:
      return noise(random, isJson ? TELLING_BYTES : TELLING_FORMATS);
    default:
      return damagedBytes(random, encode(message), isJson ? TELLING_BYTES : TELLING_FORMATS);
  }
}

function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? 'undefined');
}

function encodePacked(value: unknown): Buffer {
  return Buffer.from(packr.pack(value));
}

/** A copy in which one place holds something else. */
function damagedTree(random: Random, tree: unknown, values: readonly unknown[]): unknown {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) {
    return pick(random, values);
  }
  const names = Object.keys(tree);
  if (random.below(6) === 0 || names.length === 0) return pick(random, values);
  // Half of the damage where there is most to get wrong.
  const name = 'params' in tree && random.below(2) === 0 ? 'params' : pick(random, names);
  const copy: Record<string, unknown> = Array.isArray(tree)
    ? ([...tree] as unknown as Record<string, unknown>)
    : { ...tree };
  const before = copy[name];
  const way = random.below(8);
  if (way === 0) delete copy[name];
  else if (way === 1) put(copy, pick(random, ODD_NAMES), before);
  else put(copy, name, damagedTree(random, before, values));
  return copy;
}

/** An own member whatever the name is: an assignment to `__proto__` would make none. */
function put(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** Brackets as deep as one of DEPTHS, closed or not, around or inside a message. */
function nested(random: Random, isJson: boolean): Buffer {
  const depth = pick(random, DEPTHS);
  if (!isJson) {
    const inside = Buffer.alloc(depth, pick(random, [0x91, 0x81]));
    return Buffer.concat([inside, Buffer.of(pick(random, TELLING_FORMATS))]);
  }
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const);
  const value = `${open.repeat(depth)}1${close.repeat(random.below(4) === 0 ? depth - 1 : depth)}`;
  if (random.below(2) === 0) return Buffer.from(value);
  const params = `{"method":"POST","path":"${ECHO}","body":${value}}`;
  return Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"call","params":${params}}`);
}

function noise(random: Random, telling: Uint8Array): Buffer {
  const bytes = Buffer.alloc(random.below(200));
  for (let i = 0; i < bytes.length; i++) {
    // Mostly what a reader knows: anything else is thrown out at once.
    bytes[i] = random.below(50) === 0 ? random.below(256) : pick(random, telling);
  }
  return bytes;
}

/** Bytes changed, put in, taken out, doubled or cut off, at one to four places. */
function damagedBytes(random: Random, bytes: Buffer, telling: Uint8Array): Buffer {
  let damaged = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(damaged.length + 1);
    const length = random.below(9);
    const [before, after] = [damaged.subarray(0, at), damaged.subarray(at)];
    const value = random.below(60) === 0 ? random.below(256) : pick(random, telling);
    switch (random.below(5)) {
      case 0:
        damaged = Buffer.concat([before, Buffer.of(value), after.subarray(1)]);
        break;
      case 1:
        damaged = Buffer.concat([before, Buffer.alloc(length, value), after]);
        break;
      case 2:
        damaged = Buffer.concat([before, after.subarray(length)]);
        break;
      case 3:
        damaged = Buffer.concat([before, damaged.subarray(random.below(damaged.length + 1))]);
        break;
      default:
        damaged = random.below(4) === 0 ? before : damaged;
    }
  }
  return damaged;
}

/** In one frame or in several, with pings and pongs between them. */
function framed(random: Random, payload: Buffer, opcode: number): Buffer {
  if (random.below(3) > 0 || payload.length === 0) return encodeFrame({ opcode, payload });
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(payload.length));
  const fragments = encodeFragments(
    payload,
    cuts.toSorted((a, b) => a - b),
    opcode,
  );
  const control = () =>
    encodeFrame({
      opcode: pick(random, [OPCODE.ping, OPCODE.pong]),
      payload: Buffer.alloc(random.below(126), 'p'),
    });
  return Buffer.concat(
    fragments.flatMap(fragment => (random.below(3) === 0 ? [control(), fragment] : [fragment])),
  );
}

function oversizedCase(random: Random, subprotocol: FuzzSubprotocol): FuzzCase {
  const opcode = subprotocol === 'xingyun.v1+json' ? OPCODE.text : OPCODE.binary;
  const payload = Buffer.alloc(FUZZ_MESSAGE_MAX_BYTES + 1 + random.below(16_384), ' ');
  return { bytes: framed(random, payload, opcode), outcome: 'ends' };
}

function frameCase(random: Random, subprotocol: FuzzSubprotocol): FuzzCase {
  const isJson = subprotocol === 'xingyun.v1+json';
  const payload = isJson
    ? encodeJson(pick(random, MESSAGES))
    : encodePacked(pick(random, MESSAGES));
  const [right, wrong] = isJson ? [OPCODE.text, OPCODE.binary] : [OPCODE.binary, OPCODE.text];
  const either = (bytes: Buffer): FuzzCase => ({ bytes, outcome: 'either' });
  switch (random.below(10)) {
    case 0:
      return { bytes: encodeFrame({ opcode: wrong, payload: 'ascii' }), outcome: 'ends' };
    case 1:
      return { bytes: encodeFrame({ payload, rsv: 1 + random.below(7) }), outcome: 'ends' };
    case 2: {
      const opcode = pick(random, [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]);
      return { bytes: encodeFrame({ opcode, payload }), outcome: 'ends' };
    }
    case 3:
      return either(encodeFrame({ opcode: right, payload, mask: false }));
    case 4: {
      const declaredBytes = pick(random, [0, 1, 125, 126, 65_535, 65_536, 2 ** 31, 2 ** 48]);
      const lengthBits = declaredBytes < 126 ? pick(random, [7, 16, 64] as const) : 64;
      return either(encodeFrame({ opcode: right, payload, declaredBytes, lengthBits }));
    }
    case 5:
      return either(encodeFrame({ opcode: right, payload }).subarray(0, random.below(20)));
    case 6:
      return { bytes: closeFrame(random), outcome: 'ends' };
    case 7:
      return either(fragmentSoup(random, payload));
    case 8: {
      const bytes = Buffer.alloc(random.below(300));
      for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
      return either(bytes);
    }
    default:
      return either(damagedBytes(random, framed(random, payload, right), TELLING_FORMATS));
  }
}

/** With any code, and a reason that may be anything up to the longest and beyond. */
function closeFrame(random: Random): Buffer {
  const reason = Buffer.alloc(random.below(130), pick(random, [0x61, 0xff]));
  const code = pick(random, [undefined, 0, 999, 1_000, 1_005, 1_006, 3_000, 4_999, 65_535]);
  return encodeFrame({ opcode: OPCODE.close, payload: closePayload(code, reason) });
}

/** Frames of all kinds in an order that may mean something or nothing. */
function fragmentSoup(random: Random, payload: Buffer): Buffer {
  const frames = Array.from({ length: 2 + random.below(5) }, () =>
    encodeFrame({
      opcode: pick(random, [0, 0, 1, 2, 9, 10]),
      fin: random.below(2) === 0,
      payload: payload.subarray(0, random.below(100)),
    }),
  );
  return Buffer.concat(frames);
}

/** A frame with a call that is answered with 200. */
export function sentinelCall(subprotocol: FuzzSubprotocol, id: string): Buffer {
  const call = { ...CALL, id, params: { method: 'GET', path: ECHO } };
  const isJson = subprotocol === 'xingyun.v1+json';
  const payload = isJson ? encodeJson(call) : encodePacked(call);
  return encodeFrame({ opcode: isJson ? OPCODE.text : OPCODE.binary, payload });
}
