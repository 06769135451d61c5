/** A raw WebSocket server for tests of the generator; what it answers, the test says. */
import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FrameParser, OPCODE } from '../../../support/frame-codec.ts';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The server's side of one session. */
export interface Peer {
  readonly socket: Socket;
  /** Sends a frame as servers do, unmasked. */
  send(payload: string | Uint8Array, opcode?: number): void;
}

export interface Conduct {
  /** For each message, `number` counts them over all sessions from 0. */
  onMessage(peer: Peer, text: string, number: number): void;
  /** Instead of the answer that opens the session. */
  readonly greet?: (accept: string) => string;
  /** Told of every frame but messages. */
  readonly onControl?: (peer: Peer, opcode: number, payload: string) => void;
}

export function acceptedHead(accept: string): string {
  return (
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: xingyun.v1+json\r\n\r\n`
  );
}

export class FakeSessions {
  readonly peers: Peer[] = [];
  /** Heads of the handshakes, in their order. */
  readonly heads: string[] = [];
  messages = 0;
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(conduct: Conduct): Promise<FakeSessions> {
    const server = createServer({ noDelay: true });
    const fake = new FakeSessions(server);
    server.on('connection', socket => fake.serve(socket, conduct));
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', () => resolve());
    await promise;
    return fake;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.server.close(() => resolve());
    for (const { socket } of this.peers) socket.destroy();
    await promise;
  }

  private serve(socket: Socket, conduct: Conduct): void {
    const peer: Peer = {
      socket,
      send: (payload, opcode = OPCODE.text) => {
        socket.write(encodeFrame({ payload, opcode, mask: false }));
      },
    };
    this.peers.push(peer);
    const frames = new FrameParser();
    let head: string | undefined = '';
    socket.on('error', () => undefined);
    socket.on('data', bytes => {
      if (head === undefined) return this.takeFrames(peer, frames, bytes, conduct);
      head += bytes.toString('latin1');
      if (!head.endsWith('\r\n\r\n')) return;
      this.heads.push(head);
      socket.write((conduct.greet ?? acceptedHead)(acceptOf(head)));
      head = undefined;
    });
  }

  private takeFrames(peer: Peer, frames: FrameParser, bytes: Buffer, conduct: Conduct): void {
    for (const { opcode, masked, payload } of frames.push(bytes)) {
      if (!masked) throw new Error('a client must mask its frames');
      if (opcode === OPCODE.text) conduct.onMessage(peer, payload.toString(), this.messages++);
      else conduct.onControl?.(peer, opcode, payload.toString());
    }
  }
}

function acceptOf(head: string): string {
  const key = /\r\nsec-websocket-key: ([^\r]*)\r\n/i.exec(head)?.[1] ?? '';
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}
