/** A client that speaks bytes: for what no HTTP library would send. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Everything that arrived, as latin1. */
  readonly text: string;
  readonly status: number;
  readonly closed: boolean;
}

export class RawSocket {
  readonly socket: Socket;
  private received = '';
  private closed = false;
  private wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', chunk => {
      this.received += chunk.toString('latin1');
      this.wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.wake?.();
    });
  }

  static open(port: number, host = '127.0.0.1'): Promise<RawSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<RawSocket>();
    const socket = connect({ port, host });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new RawSocket(socket));
    });
    return promise;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Waits until the condition holds for what arrived, or the peer closes, or the time is up. */
  async until(
    condition: (text: string) => boolean = hasWholeAnswer,
    timeoutMs = 5_000,
  ): Promise<RawAnswer> {
    const deadline = performance.now() + timeoutMs;
    while (!this.closed && !condition(this.received)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new Error(`nothing more within ${timeoutMs} ms: ${this.received}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.wake = resolve;
      const timer = setTimeout(resolve, leftMs);
      await promise;
      clearTimeout(timer);
    }
    return this.answer();
  }

  /** Waits for one whole answer and forgets it, so that the next one can be waited for. */
  async next(timeoutMs = 5_000): Promise<RawAnswer> {
    const answer = await this.until(hasWholeAnswer, timeoutMs);
    this.received = '';
    return answer;
  }

  /** Waits until the peer has closed the connection. */
  untilClosed(timeoutMs = 5_000): Promise<RawAnswer> {
    return this.until(() => false, timeoutMs);
  }

  answer(): RawAnswer {
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(this.received)?.[1] ?? 0);
    return { text: this.received, status, closed: this.closed };
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Leaves with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

function hasWholeAnswer(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end));
  if (length !== null) return text.length >= end + 4 + Number(length[1]);
  return /\r\ntransfer-encoding: chunked/i.test(text.slice(0, end))
    ? text.endsWith('0\r\n\r\n')
    : true;
}

/** The `code` member of the problem document in an answer. */
export function problemCode(answer: RawAnswer): string | undefined {
  return /"code":"([a-z-]+)"/.exec(answer.text)?.[1];
}
