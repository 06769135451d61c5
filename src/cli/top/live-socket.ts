/** The live figures of a gateway, over the WebSocket of its admin listener. */
import WebSocket from 'ws';
import type { LiveFrame } from '../../telemetry/live-frame.ts';
import { CommandFailure } from '../failures.ts';
import type { TopFacts } from './draw-frame.ts';

export interface Hello extends TopFacts {
  readonly kind: 'hello';
  /** Of the last minute. */
  readonly frames: readonly LiveFrame[];
}

export type LiveMessage = Hello | LiveFrame;

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Frames come each second. */
const SILENCE_MAX_MS = 15_000;

/**
 * Messages until `signal` is aborted.
 *
 * @throws CommandFailure where the listener cannot be reached, refuses, or falls silent
 */
export async function* liveMessages(
  url: string,
  token: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<LiveMessage> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/live`, {
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    perMessageDeflate: false,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
  });
  const inbox = new Inbox(url);
  socket.on('message', data => inbox.put(JSON.parse(String(data)) as LiveMessage));
  socket.on('unexpected-response', (_, { statusCode }) => inbox.end(`answered ${statusCode}`));
  socket.on('error', error => inbox.end((error as NodeJS.ErrnoException).code ?? error.message));
  socket.on('close', (_, reason) => inbox.end(String(reason) || 'the connection ended'));
  const leave = () => inbox.end(undefined);
  signal.addEventListener('abort', leave);
  try {
    yield* inbox.messages();
  } finally {
    signal.removeEventListener('abort', leave);
    socket.terminate();
  }
}

class Inbox {
  private readonly url: string;
  private readonly waiting: LiveMessage[] = [];
  private isOver = false;
  private reason: string | undefined;
  private wake: () => void = () => {};

  constructor(url: string) {
    this.url = url;
  }

  put(message: LiveMessage): void {
    this.waiting.push(message);
    this.wake();
  }

  /** @param reason undefined where it was wanted */
  end(reason: string | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reason = reason;
    this.wake();
  }

  async *messages(): AsyncGenerator<LiveMessage> {
    while (true) {
      const message = this.waiting.shift();
      if (message !== undefined) yield message;
      else if (this.isOver) break;
      else await this.next();
    }
    if (this.reason !== undefined) throw new CommandFailure(`${this.url}: ${this.reason}.`);
  }

  private async next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const silence = setTimeout(() => this.end('nothing came for 15 s'), SILENCE_MAX_MS);
    this.wake = resolve;
    await promise;
    clearTimeout(silence);
  }
}
