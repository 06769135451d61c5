/** Callers that leave with a reset at every point of a call: nothing of it may stay. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOf, type RawRequest } from '../data-plane/upstream/raw-upstream.ts';
import { TestGateway } from '../support/gateway.ts';
import { expectIdle, residentBytes } from '../support/gauges.ts';
import { ECHO, RawCalls } from '../support/raw-request.ts';
import { RawSocket } from '../support/raw-socket.ts';
import { StreamingUpstream } from '../support/streaming-upstream.ts';

/** For what comes in its own time, on a busy machine too. */
const WAIT = { timeout: 10_000 };

/** Callers per phase; what they leaked would be missing from activePerSourceMax. */
const CALLERS = 60;
const ACTIVE_PER_SOURCE_MAX = CALLERS + 10;
/** More than the kernel's buffers hold. */
const LARGE_BYTES = 24_000_000;

/** Streams, stays silent or answers, as the path asks. */
class ModalUpstream extends StreamingUpstream {
  silent = 0;

  constructor() {
    super();
    const stream = this.answer;
    this.answer = request => this.choose(request, stream);
  }

  private choose(request: RawRequest, stream: (request: RawRequest) => void): void {
    if (request.head.includes('silent=1')) this.silent += 1;
    else if (request.head.includes('bytes=')) stream(request);
    else request.socket.write(answerOf('fine'));
  }
}

let upstream: ModalUpstream;
let gateway: TestGateway;
let calls: RawCalls;

beforeAll(async () => {
  upstream = new ModalUpstream();
  gateway = await TestGateway.start({
    upstreamPort: await upstream.listen(),
    config: {
      limits: { activePerSourceMax: ACTIVE_PER_SOURCE_MAX },
      workers: { placement: 'pool' },
    },
    registry: registry => {
      Object.assign(registry.upstreams![0] as object, { connectionsMax: 2 * CALLERS });
    },
  });
  calls = new RawCalls(gateway);
});

afterAll(async () => {
  await gateway?.dispose();
  await upstream?.close();
});

/** A connection that has sent these bytes to the kernel. */
function sent(bytes: string | Buffer): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(gateway.port, '127.0.0.1', () =>
    socket.write(bytes as Buffer, () => resolve(socket)),
  );
  socket.once('error', reject);
  return promise;
}

const together = (bytes: () => string | Buffer) =>
  Promise.all(Array.from({ length: CALLERS }, () => sent(bytes())));

function reset(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy();
}

function firstBytes(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('data', () => {
    socket.pause();
    resolve();
  });
  socket.once('close', () => reject(new Error('closed before the first byte')));
  return promise;
}

async function expectRoom(): Promise<void> {
  await expectIdle(gateway);
  await expect
    .poll(() => gateway.metric('xingyun_upstream_connections_open'), WAIT)
    .toBe(upstream.sockets.size);
  // As many at once as one source may have: what an aborted call still held would be missing.
  const sockets = await Promise.all(
    Array.from({ length: ACTIVE_PER_SOURCE_MAX }, () => RawSocket.open(gateway.port)),
  );
  for (const socket of sockets) socket.send(calls.bytes());
  const answers = await Promise.all(sockets.map(socket => socket.next()));
  expect(answers.map(answer => answer.status)).toEqual(Array(sockets.length).fill(200));
  for (const socket of sockets) socket.destroy();
}

const phases: Record<string, () => Promise<void>> = {
  'during the head': async () => {
    reset(await together(() => calls.head().slice(0, 100)));
  },
  'during a body with a length': async () => {
    const body = 'x'.repeat(10_000);
    const sockets = await together(() => calls.head({ method: 'POST', body }) + body.slice(1));
    await expect.poll(() => gateway.metric('xingyun_exchanges_in_flight'), WAIT).toBe(CALLERS);
    reset(sockets);
  },
  'during a body in chunks': async () => {
    const framing = 'transfer-encoding: chunked';
    const head = () => calls.head({ method: 'POST', body: 'x', framing });
    const sockets = await together(() => `${head()}5\r\nxx`);
    await expect.poll(() => gateway.metric('xingyun_exchanges_in_flight'), WAIT).toBe(CALLERS);
    reset(sockets);
  },
  'while the signature is checked': async () => {
    // Sent whole and left at once: the checks of a batch of this size take longer.
    reset(await together(() => calls.bytes()));
  },
  'while the upstream thinks about a GET': async () => {
    const before = upstream.silent;
    const sockets = await together(() => calls.bytes({ path: `${ECHO}?silent=1` }));
    await expect.poll(() => upstream.silent, WAIT).toBe(before + CALLERS);
    reset(sockets);
  },
  'while an answer with a length streams': () => leaveStreaming('length', 'GET'),
  'while an answer in chunks streams': () => leaveStreaming('chunked', 'GET'),
  'while the answer to a POST streams': () => leaveStreaming('length', 'POST'),
};

async function leaveStreaming(framing: string, method: string): Promise<void> {
  // A POST is read to its end, so a smaller one will do.
  const bytes = method === 'POST' ? LARGE_BYTES / 10 : LARGE_BYTES;
  const path = `${ECHO}?bytes=${bytes}&framing=${framing}`;
  const sockets = await together(() =>
    calls.bytes({ method, path, body: method === 'POST' ? 'b' : undefined }),
  );
  await Promise.all(sockets.map(firstBytes));
  reset(sockets);
}

describe('callers that leave', () => {
  it.each(Object.entries(phases))('%s', { timeout: 60_000 }, async (_name, leave) => {
    await leave();
    await expectRoom();
  });

  it('have cost no memory', async () => {
    const before = residentBytes(gateway);
    for (const leave of Object.values(phases)) await leave();
    await expectRoom();
    expect(residentBytes(gateway) - before).toBeLessThan(50_000_000);
  });
});
