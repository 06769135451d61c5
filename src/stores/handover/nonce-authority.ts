/** The side of the process that is replaced: it knows every nonce until it ends. */
import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { NonceStore } from '../contracts.ts';
import {
  type ClaimsAnswered,
  type ClaimsAsked,
  type FromAuthority,
  type Greeting,
  Lines,
} from './messages.ts';

const GOODBYE_MAX_MS = 1_000;

export class NonceAuthority {
  readonly path: string;
  private readonly nonces: NonceStore;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private isOver = false;

  private constructor(path: string, nonces: NonceStore) {
    this.path = path;
    this.nonces = nonces;
    this.server = createServer(socket => this.serve(socket));
  }

  /** Whoever may open the socket is trusted: its folder is this user's alone. */
  static async listen(path: string, nonces: NonceStore): Promise<NonceAuthority> {
    const authority = new NonceAuthority(path, nonces);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    authority.server.once('error', reject);
    authority.server.listen(path, resolve);
    await promise;
    return authority;
  }

  /** Whether a process is there that asks, and waits for the table. */
  get isAsked(): boolean {
    return this.sockets.size > 0;
  }

  /** Claims nothing from now on, and says so: the table may be given away. */
  stop(): void {
    this.isOver = true;
    this.server.close();
    rmSync(this.path, { force: true });
    for (const socket of this.sockets) send(socket, { isOver: true });
  }

  /** After `stop`. Resolves when all of it has been heard, or nobody hears it. */
  async close(): Promise<void> {
    const ends = [...this.sockets].map(socket => {
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.once('close', () => resolve());
      socket.setTimeout(GOODBYE_MAX_MS, () => socket.destroy());
      socket.end();
      return promise;
    });
    await Promise.all(ends);
  }

  private serve(socket: Socket): void {
    const lines = new Lines();
    this.sockets.add(socket);
    socket.setEncoding('utf8');
    socket.on('close', () => this.sockets.delete(socket));
    // Its own end is heard of by `close`.
    socket.on('error', () => undefined);
    send(socket, { acceptCreatedAfterMs: this.nonces.acceptCreatedAfterMs } satisfies Greeting);
    socket.on('data', chunk => {
      for (const line of lines.take(chunk as unknown as string)) this.answer(socket, line);
    });
  }

  private answer(socket: Socket, line: string): void {
    if (this.isOver) return;
    const { batch, claims } = parseAsked(line) ?? { batch: 0, claims: undefined };
    if (claims === undefined) return void socket.destroy();
    const outcomes = claims.map(([app, nonce, expiresAtMs]) =>
      this.nonces.claim(app, nonce, expiresAtMs),
    );
    send(socket, { batch, outcomes } satisfies ClaimsAnswered);
  }
}

/** Undefined where it is none: this process serves, whatever comes on the socket. */
function parseAsked(line: string): ClaimsAsked | undefined {
  try {
    return JSON.parse(line) as ClaimsAsked;
  } catch {
    return undefined;
  }
}

function send(socket: Socket, message: FromAuthority): void {
  socket.write(`${JSON.stringify(message)}\n`);
}
