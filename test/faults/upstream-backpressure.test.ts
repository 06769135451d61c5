import { afterEach, describe, expect, it } from 'vitest';
import {
  Bench,
  NO_BODY,
  Outcome,
  type RawRequest,
  until,
} from '../data-plane/upstream/raw-upstream.ts';

let bench: Bench;
afterEach(() => bench.close());

const MEGABYTE = 1_048_576;
const piece = Buffer.alloc(MEGABYTE, 'x');

/** Sends `pieces` megabytes as fast as the reader takes them. */
function pour({ socket }: RawRequest, pieces: number, frame: (piece: Buffer) => Buffer): void {
  let left = pieces;
  const go = () => {
    while (left > 0) {
      left--;
      if (!socket.write(frame(piece))) {
        socket.once('drain', go);
        return;
      }
    }
    if (frame !== plain) socket.write('0\r\n\r\n');
  };
  go();
}

const plain = (bytes: Buffer) => bytes;
const chunkOfAMegabyte = Buffer.concat([
  Buffer.from(`${MEGABYTE.toString(16)}\r\n`),
  piece,
  Buffer.from('\r\n'),
]);
const smallChunk = Buffer.from(`400\r\n${'x'.repeat(1_024)}\r\n`);
const smallChunks = Buffer.concat(new Array(1_024).fill(smallChunk));

describe.each([
  ['content-length', `content-length: ${200 * MEGABYTE}`, plain],
  ['large chunks', 'transfer-encoding: chunked', () => chunkOfAMegabyte],
  ['small chunks', 'transfer-encoding: chunked', () => smallChunks],
])('an answer of 200 MB (%s)', (_name, field, frame) => {
  it('passes a slow reader in bounded memory', { timeout: 60_000 }, async () => {
    bench = await Bench.open(request => {
      request.socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
      pour(request, 200, frame);
    });
    const outcome = new Outcome();
    outcome.keepBody = false;
    let sincePause = 0;
    let pauses = 0;
    let peak = 0;
    outcome.onChunk = chunk => {
      sincePause += chunk.length;
      if (sincePause < MEGABYTE) return true;
      sincePause = 0;
      pauses++;
      peak = Math.max(peak, process.memoryUsage.rss());
      setImmediate(() => outcome.request!.resume());
      return false;
    };
    const before = process.memoryUsage.rss();
    bench.send('GET', '/', NO_BODY, outcome);
    await outcome.done;
    expect(outcome).toMatchObject({ error: undefined, bodyBytes: 200 * MEGABYTE, ends: 1 });
    expect(pauses).toBeGreaterThan(100);
    expect((peak - before) / MEGABYTE).toBeLessThan(30);
  });
});

it('a reader that stops stops the upstream', async () => {
  bench = await Bench.open(request => {
    request.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${200 * MEGABYTE}\r\n\r\n`);
    pour(request, 200, plain);
  });
  const outcome = new Outcome();
  outcome.keepBody = false;
  outcome.onChunk = () => false;
  bench.send('GET', '/', NO_BODY, outcome);
  await outcome.head;
  const { socket } = bench.upstream.requests[0]!;
  // The upstream's socket stalls when the kernel's buffers are full: no drain for 200 turns.
  let quiet = 0;
  let last = -1;
  await until(() => {
    quiet = socket.bytesWritten === last ? quiet + 1 : 0;
    last = socket.bytesWritten;
    return quiet > 200;
  });
  expect(socket.bytesWritten).toBeLessThan(40 * MEGABYTE);
  const taken = outcome.bodyBytes;
  expect(taken).toBeLessThan(MEGABYTE);
  await until(() => true);
  expect(outcome.bodyBytes).toBe(taken);
  outcome.request!.cancel();
  await until(() => bench.upstream.sockets.size === 0);
});

it('an upstream that does not read its request is given up', async () => {
  bench = await Bench.open(() => undefined, { responseTimeoutMs: 200 });
  bench.upstream.onConnection = socket => socket.pause();
  const outcome = await bench.send('PUT', '/', Buffer.alloc(32 * MEGABYTE)).done;
  expect(outcome).toMatchObject({ error: 'timeout', ends: 1 });
});
