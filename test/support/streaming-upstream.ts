/** An upstream whose answers are as long as the query asks, of bytes that differ everywhere. */
import { createCipheriv, createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { type RawRequest, RawUpstream } from '../data-plane/upstream/raw-upstream.ts';

const PART_BYTES = 65_000;

/** The key stream of AES in counter mode: what lies at an offset lies nowhere else. */
function* keyStream(bytes: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(PART_BYTES);
  for (let left = bytes; left > 0; left -= PART_BYTES) {
    yield cipher.update(zeros.subarray(0, Math.min(left, PART_BYTES)));
  }
}

export function hashOfStream(bytes: number): string {
  const hash = createHash('sha256');
  for (const part of keyStream(bytes)) hash.update(part);
  return hash.digest('hex');
}

export class StreamingUpstream extends RawUpstream {
  /** Body bytes that the sockets took; they stop growing when the gateway stops reading. */
  sentBytes = 0;
  /** Sockets that were closed before their answer was written whole. */
  cutAnswers = 0;

  constructor() {
    super(request => void this.stream(request));
  }

  private async stream({ socket, head }: RawRequest): Promise<void> {
    const query = new URL(head.split(' ')[1]!, 'http://upstream').searchParams;
    const bytes = Number(query.get('bytes') ?? 0);
    const chunked = query.get('framing') === 'chunked';
    const framing = chunked ? 'transfer-encoding: chunked' : `content-length: ${bytes}`;
    socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    for (const part of keyStream(bytes)) {
      if (chunked) socket.write(`${part.length.toString(16)}\r\n`);
      const taken = socket.write(part);
      if (chunked) socket.write('\r\n');
      if (!taken) await drained(socket);
      if (socket.destroyed) {
        this.cutAnswers += 1;
        return;
      }
      this.sentBytes += part.length;
    }
    if (chunked) socket.write('0\r\n\r\n');
  }
}

function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    socket.off('drain', done);
    socket.off('close', done);
    resolve();
  };
  socket.on('drain', done);
  socket.on('close', done);
  return promise;
}
