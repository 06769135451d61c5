import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { closePayload, encodeFragments, encodeFrame, FrameParser, OPCODE } from './frame-codec.ts';
import type { FrameSession } from './frame-session.ts';
import { Authority } from './listener-certificates.ts';
import {
  type Endpoint,
  HandshakeRefused,
  handshake,
  JSON_SUBPROTOCOL,
  openSession,
} from './web-socket-frames.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const credentials = () => ({ keyId: 'key-1', algorithm: 'ed25519' as const, privateKey });

/** The `ws` server: echoes, and says what it saw. */
class EchoServer {
  readonly errors: string[] = [];
  readonly heads: IncomingMessage[] = [];
  readonly sockets: WebSocket[] = [];
  readonly endpoint: Endpoint;
  private readonly server: Server;

  private constructor(server: Server, scheme: string) {
    this.server = server;
    const { port } = server.address() as AddressInfo;
    this.endpoint = { url: `${scheme}://127.0.0.1:${port}`, credentials };
    const sessions = new WebSocketServer({ server, path: '/ws', maxPayload: 100_000 });
    sessions.on('connection', (socket, head) => {
      this.heads.push(head);
      this.sockets.push(socket);
      socket.on('error', error => this.errors.push((error as NodeJS.ErrnoException).code ?? ''));
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
  }

  static async start(server: Server, scheme: string): Promise<EchoServer> {
    server.on('request', refuse);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new EchoServer(server, scheme);
  }

  close(): void {
    for (const socket of this.sockets) socket.terminate();
    this.server.close();
  }
}

/** In two writes, so that an answer must be read whole. */
function refuse(_request: IncomingMessage, response: ServerResponse): void {
  const document = JSON.stringify({ status: 426, code: 'upgrade-required' });
  response.writeHead(426, {
    'content-type': 'application/problem+json',
    'content-length': document.length,
  });
  response.write(document.slice(0, 5));
  setImmediate(() => response.end(document.slice(5)));
}

let server: EchoServer;
beforeAll(async () => {
  server = await EchoServer.start(createServer(), 'http');
});
afterAll(() => server.close());

async function withSession(work: (session: FrameSession) => Promise<void>): Promise<void> {
  const session = await openSession(server.endpoint);
  await work(session);
  session.destroy();
}

describe('a handshake', () => {
  it('is signed, and shows what the server chose', async () => {
    const answer = await handshake(server.endpoint, { subprotocols: ['other', JSON_SUBPROTOCOL] });
    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBe('other');
    const { headers } = server.heads.at(-1)!;
    expect(headers['signature-input']).toMatch(/^sig=\("@method" "@target-uri"\);created=/);
    expect(headers.signature).toMatch(/^sig=:.+:$/);
    answer.session!.destroy();
  });

  it('offers its signature as subprotocols where it is asked to', async () => {
    const session = await openSession(server.endpoint, { signsInSubprotocols: true });
    const { headers } = server.heads.at(-1)!;
    expect(headers.signature).toBeUndefined();
    const offered = headers['sec-websocket-protocol']!.split(', ');
    expect(offered[0]).toBe(JSON_SUBPROTOCOL);
    const input = offered.find(name => name.startsWith('xingyun.signature-input.'))!;
    const text = Buffer.from(input.split('.')[2]!, 'base64url').toString();
    expect(text).toMatch(/^sig=\("@method"/);
    session.destroy();
  });

  it('has any field put in the place of its own, or left out', async () => {
    const headers = { 'sec-websocket-protocol': undefined, 'x-a': ['1', '2'], signature: 'none' };
    const session = await openSession(server.endpoint, { headers });
    expect(server.heads.at(-1)!.headers).toMatchObject({ 'x-a': '1, 2', signature: 'none' });
    expect(server.heads.at(-1)!.headers['sec-websocket-protocol']).toBeUndefined();
    session.destroy();
  });

  it('brings the refusal whole', async () => {
    const headers = { upgrade: undefined, connection: undefined };
    const answer = await handshake(server.endpoint, { headers });
    expect(answer).toMatchObject({ status: 426, code: 'upgrade-required', session: undefined });
    const refused = openSession(server.endpoint, { method: 'POST', headers });
    await expect(refused).rejects.toBeInstanceOf(HandshakeRefused);
  });

  it('has bytes behind it in the same write', async () => {
    const behind = encodeFrame({ payload: 'early' });
    const session = await openSession(server.endpoint, { behind });
    expect((await session.nextMessage()).text).toBe('early');
    session.destroy();
  });

  it('fails where nothing answers', async () => {
    const silent = createServer();
    silent.on('upgrade', () => undefined);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoint = { url: `http://127.0.0.1:${port}`, credentials };
    await expect(handshake(endpoint, { timeoutMs: 50 })).rejects.toThrow(/no answer/);
    silent.closeAllConnections();
    silent.close();
  });

  it('goes over TLS', async () => {
    const authority = new Authority('Frames');
    const options = authority.issue('server', 'subjectAltName=IP:127.0.0.1');
    const secure = await EchoServer.start(createTlsServer(options), 'https');
    const session = await openSession(secure.endpoint, { tls: { ca: authority.ca } });
    await session.text('over TLS');
    expect((await session.nextMessage()).text).toBe('over TLS');
    session.destroy();
    secure.close();
    authority.remove();
  });
});

describe('messages', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536])('of %i bytes come back', async bytes => {
    await withSession(async session => {
      const payload = Buffer.alloc(bytes, 'x');
      await session.binary(payload);
      const message = await session.nextMessage();
      expect(message.opcode).toBe(OPCODE.binary);
      expect(message.bytes.equals(payload)).toBe(true);
    });
  });

  it('travel in fragments with a ping between them', async () => {
    await withSession(async session => {
      const [first, ...others] = encodeFragments('星云 in pieces', [1, 4, 9]);
      await session.write(first!);
      await session.ping('between');
      await session.write(Buffer.concat(others));
      expect((await session.nextControl()).payload.toString()).toBe('between');
      expect((await session.nextMessage()).text).toBe('星云 in pieces');
    });
  });

  it('travel byte by byte', async () => {
    await withSession(async session => {
      await session.dribble(encodeFrame({ payload: 'slow' }));
      expect((await session.nextMessage()).text).toBe('slow');
    });
  });

  it('keep their order and wait to be taken', async () => {
    await withSession(async session => {
      for (let i = 0; i < 100; i++) void session.json({ i });
      for (let i = 0; i < 100; i++) expect(await session.nextJson()).toEqual({ i });
      await expect(session.nextMessage(20)).rejects.toThrow(/no message within 20 ms/);
      await session.json('again');
      expect(await session.nextJson()).toBe('again');
    });
  });

  it('come beside pings, which are answered unless the test says otherwise', async () => {
    await withSession(async session => {
      const pong = once(server.sockets.at(-1)!, 'pong');
      server.sockets.at(-1)!.ping('there?');
      expect(String((await pong)[0])).toBe('there?');
      expect((await session.nextControl()).opcode).toBe(OPCODE.ping);
    });
    const mute = await openSession(server.endpoint, { answersPings: false });
    const peer = server.sockets.at(-1)!;
    let pongs = 0;
    peer.on('pong', () => pongs++);
    peer.ping();
    await mute.nextControl();
    await mute.text('behind the ping');
    await mute.nextMessage();
    expect(pongs).toBe(0);
    mute.destroy();
  });

  it('are put together from fragments of the peer', async () => {
    await withSession(async session => {
      const peer = server.sockets.at(-1)!;
      peer.send('to', { fin: false });
      peer.ping();
      peer.send('gether', { fin: true });
      expect(await session.nextMessage()).toMatchObject({ text: 'together', frames: 2 });
    });
  });
});

describe('an end', () => {
  it('has the code and the reason of the peer', async () => {
    await withSession(async session => {
      server.sockets.at(-1)!.close(4321, 'enough');
      expect(await session.closed()).toEqual({ code: 4321, reason: 'enough', wasReset: false });
      await expect(session.nextMessage()).rejects.toMatchObject({ end: { code: 4321 } });
      expect(session.isOpen).toBe(false);
    });
  });

  it('is 1005 without a code and 1006 without a close frame', async () => {
    await withSession(async session => {
      await session.close();
      expect((await session.closed()).code).toBe(1005);
    });
    await withSession(async session => {
      server.sockets.at(-1)!.terminate();
      expect(await session.closed()).toMatchObject({ code: 1006, wasReset: false });
    });
  });

  it('by reset is told from one by close', async () => {
    await withSession(async session => {
      // `terminate` closes, so the reset is made on the socket below it.
      const peer = server.sockets.at(-1)! as WebSocket & { _socket: { resetAndDestroy(): void } };
      peer._socket.resetAndDestroy();
      expect(await session.closed()).toMatchObject({ code: 1006, wasReset: true });
    });
  });

  it('is not there while the session is open', async () => {
    await withSession(async session => {
      await expect(session.closed(20)).rejects.toThrow(/still open/);
      server.sockets.at(-1)!.close(1000);
      expect((await session.closed()).code).toBe(1000);
    });
  });

  it('is not answered where the test says so', async () => {
    const session = await openSession(server.endpoint, { answersClose: false });
    const peer = server.sockets.at(-1)!;
    peer.close(1000);
    await expect(session.closed(50)).rejects.toThrow(/still open/);
    session.reset();
    await once(peer, 'close');
  });
});

describe('frames that break the rules', () => {
  const wrong = {
    'a reserved bit': [encodeFrame({ rsv: 0b010 }), 'WS_ERR_UNEXPECTED_RSV_2_3'],
    'a reserved opcode': [encodeFrame({ opcode: 0x3 }), 'WS_ERR_INVALID_OPCODE'],
    'no mask': [encodeFrame({ mask: false, payload: 'plain' }), 'WS_ERR_EXPECTED_MASK'],
    'a ping in fragments': [
      encodeFrame({ opcode: OPCODE.ping, fin: false }),
      'WS_ERR_EXPECTED_FIN',
    ],
    'a ping too long': [
      encodeFrame({ opcode: OPCODE.ping, payload: Buffer.alloc(126) }),
      'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH',
    ],
    'text that is not UTF-8': [encodeFrame({ payload: Buffer.of(0xff) }), 'WS_ERR_INVALID_UTF8'],
    'a length beyond the limit': [
      encodeFrame({ declaredBytes: 100_001 }),
      'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
    ],
    'a close code that must not be sent': [
      encodeFrame({ opcode: OPCODE.close, payload: closePayload(1005) }),
      'WS_ERR_INVALID_CLOSE_CODE',
    ],
  } as const;

  it.each(Object.entries(wrong))('reach the peer: %s', async (_name, [bytes, error]) => {
    await withSession(async session => {
      await session.write(bytes);
      expect((await session.closed()).code).toBeGreaterThanOrEqual(1002);
      expect(server.errors.at(-1)).toBe(error);
    });
  });
});

describe('the parser', () => {
  it('finds the same frames however the bytes arrive', () => {
    const frames = [
      encodeFrame({ payload: 'a'.repeat(70_000), mask: false }),
      encodeFrame({ payload: 'b'.repeat(300), mask: Buffer.from([1, 2, 3, 4]) }),
      encodeFrame({ opcode: OPCODE.close, payload: closePayload(1000, 'bye'), rsv: 0b101 }),
      encodeFrame({ payload: 'short', lengthBits: 64 }),
    ];
    const bytes = Buffer.concat(frames);
    const whole = new FrameParser().push(bytes);
    expect(whole.map(({ payload }) => payload.length)).toEqual([70_000, 300, 5, 5]);
    expect(whole[2]).toMatchObject({ opcode: OPCODE.close, rsv: 0b101, fin: true, masked: true });
    const parser = new FrameParser();
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) =>
      parser.push(bytes.subarray(i * 7, i * 7 + 7)),
    ).flat();
    expect(pieces).toEqual(whole);
    expect(parser.pendingBytes).toBe(0);
  });
});
