import type { Socket } from 'node:net';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { afterEach, describe, expect, it } from 'vitest';
import { countArrivals } from '../../../bench/load/arrivals.ts';
import { HttpDialogue } from '../../../bench/load/http-dialogue.ts';
import { judgeGenerator } from '../../../bench/load/judge-generator.ts';
import { mergeOutcomes } from '../../../bench/load/merge-outcomes.ts';
import { OpenLoop, type OpenLoopOptions } from '../../../bench/load/open-loop.ts';
import type { TallyCounts } from '../../../bench/load/run-tally.ts';
import { NEVER_SENT } from '../../../bench/load/samples.ts';
import { createHistogram, percentilesMs } from '../../../bench/rig/latency-histogram.ts';
import { type FakeServer, OK, startFakeServer } from './fake-server.ts';

const REQUEST = 'GET / HTTP/1.1\r\nhost: test\r\n\r\n';
const PROBLEM = '{"code":"overloaded"}';
const REFUSAL = `HTTP/1.1 503 No\r\ncontent-length: ${PROBLEM.length}\r\n\r\n${PROBLEM}`;

interface Scene {
  readonly connections?: number;
  readonly rate?: number;
  readonly warmUpMs?: number;
  readonly measuredMs?: number;
  /** Between the opening and the run. */
  readonly onOpen?: (server: FakeServer) => void;
  readonly more?: Partial<OpenLoopOptions>;
}

let server: FakeServer | undefined;
afterEach(() => server?.close());

async function runAgainst(
  answer: (socket: Socket, number: number) => void,
  scene: Scene = {},
): Promise<TallyCounts> {
  const { connections = 8, rate = 400, warmUpMs = 0, measuredMs = 1_000 } = scene;
  const { onOpen = () => undefined, more = {} } = scene;
  server = await startFakeServer(answer);
  const arrivals = { rate, durationMs: warmUpMs + measuredMs, rampMs: 0, seed: 3, stream: 0 };
  const loop = new OpenLoop({
    ...{ host: '127.0.0.1', port: server.port, connections, arrivals, warmUpMs },
    createDialogue: () => new HttpDialogue({ next: () => REQUEST }, 'ok'),
    measuredMax: countArrivals(arrivals),
    drainMs: 300,
    ...more,
  });
  await loop.open();
  onOpen(server);
  const counts = await loop.run(performance.now() + 20);
  loop.close();
  const errors = Object.values(counts.errors).reduce((sum, count) => sum + count, 0);
  expect(counts.answered + errors + counts.missedSends).toBe(counts.requests);
  return counts;
}

function percentiles(micros: Uint32Array) {
  const histogram = createHistogram();
  for (const value of micros) if (value !== NEVER_SENT) histogram.recordValue(value);
  return percentilesMs(histogram);
}

describe('the open loop', () => {
  it('sends what is due and measures what comes after the warm-up', async () => {
    const counts = await runAgainst(socket => socket.write(OK), { warmUpMs: 500 });
    const arrivals = { rate: 400, durationMs: 1_500, rampMs: 0, seed: 3, stream: 0 };
    const due = countArrivals(arrivals);
    expect(server!.requests()).toBe(due);
    expect(counts.requests).toBe(due - countArrivals({ ...arrivals, durationMs: 500 }));
    expect(counts.answered).toBe(counts.requests);
    expect(counts.errors).toEqual({});
    expect(counts.due).toEqual([counts.requests]);
    expect(counts.samples.latencyMicros).toHaveLength(counts.requests);
    expect(counts.lagMicros).toHaveLength(counts.requests);
    expect(counts.connectionsLost).toEqual({});
    expect(counts.openConnections).toEqual([8]);
  });

  it('counts a stall from when requests were due, not from when they were sent', async () => {
    let stalledUntilMs = 0;
    const counts = await runAgainst(
      (socket, number) => {
        if (number === 200) stalledUntilMs = performance.now() + 300;
        const waitMs = stalledUntilMs - performance.now();
        if (waitMs > 0) setTimeout(() => socket.write(OK), waitMs);
        else socket.write(OK);
      },
      { connections: 2, rate: 500, measuredMs: 2_000 },
    );
    expect(counts.answered).toBe(counts.requests);
    // 150 of 1,000 requests fell into the stall, and two connections were there to notice it.
    expect(percentiles(counts.samples.latencyMicros).p99).toBeGreaterThan(200);
    expect(percentiles(counts.samples.latencyMicros).p90).toBeGreaterThan(50);
    expect(percentiles(counts.samples.sinceSentMicros).p99).toBeLessThan(100);
    expect(counts.noIdleConnection).toBeGreaterThan(100);
    // The server was late and not the generator, but it would have been seen.
    expect(counts.lagMicros).toHaveLength(counts.requests);
  });

  it('reports what it could never send, with the time that it waited', async () => {
    const counts = await runAgainst(() => undefined, { connections: 4 });
    expect(server!.requests()).toBe(4);
    expect(counts.answered).toBe(0);
    expect(counts.errors).toEqual({ unanswered: 4 });
    expect(counts.missedSends).toBe(counts.requests - 4);
    expect(counts.samples.latencyMicros).toHaveLength(counts.requests);
    expect(percentiles(counts.samples.latencyMicros).max).toBeGreaterThan(900);
    expect([...counts.samples.sinceSentMicros].filter(us => us !== NEVER_SENT)).toHaveLength(4);
  });

  it('tells errors by kind and goes on with a new connection', async () => {
    const counts = await runAgainst((socket, number) => {
      if (number === 10) socket.write(REFUSAL);
      else if (number === 20) socket.write('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n');
      else if (number === 30)
        socket.write('HTTP/1.1 200 OK\r\nconte', () => socket.resetAndDestroy());
      else if (number === 40) socket.write('220 smtp.example ESMTP\r\n\r\n');
      else if (number !== 50) socket.write(OK);
    });
    expect(counts.errors).toEqual({
      overloaded: 1,
      'status-500': 1,
      reset: 1,
      'malformed-answer': 1,
      unanswered: 1,
    });
    expect(counts.missedSends).toBe(0);
    // A refusal is fast, so it must not lower the percentiles; who got nothing has waited.
    expect(counts.samples.latencyMicros).toHaveLength(counts.requests - 4);
  });

  it('gives up an answer after the time-out and keeps the time so far', async () => {
    const counts = await runAgainst((socket, number) => number !== 5 && socket.write(OK), {
      more: { requestTimeoutMs: 200 },
    });
    expect(counts.errors).toEqual({ timeout: 1 });
    expect(percentiles(counts.samples.latencyMicros).max).toBeGreaterThanOrEqual(200);
  });

  it('counts what is due while no connection is left', async () => {
    const counts = await runAgainst(
      (socket, number) => {
        if (number < 20) socket.write(OK);
        else
          void server!.close().then(
            () => undefined,
            () => socket.destroy(),
          );
      },
      { connections: 2 },
    );
    expect(counts.errors.reset).toBeGreaterThanOrEqual(1);
    expect(counts.errors.connect).toBeGreaterThan(100);
    expect(counts.connectionsLost['reopen-failed']).toBeGreaterThan(1);
    expect(counts.openConnections).toEqual([0]);
    expect(counts.failures[0]).toBeGreaterThan(counts.errors.connect!);
  });

  it('opens again what the server closes between two requests', async () => {
    const counts = await runAgainst(
      (socket, number) => {
        socket.write(OK);
        if (number === 50) setTimeout(() => socket.end(), 5);
      },
      { connections: 50, rate: 200 },
    );
    expect(counts.connectionsLost).toEqual({ 'idle-close': 1 });
    expect(counts.openConnections).toEqual([49]);
    expect(counts.failures).toEqual([1]);
    expect(counts.answered).toBe(counts.requests);
  });

  it('counts a connection that the server closes behind its answer', async () => {
    const closing = OK.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n');
    const counts = await runAgainst((socket, number) => {
      if (number === 50) socket.end(closing);
      else socket.write(OK);
    });
    expect(counts.connectionsLost).toEqual({ 'close-after-answer': 1 });
    expect(counts.openConnections).toEqual([7]);
    expect(counts.answered).toBe(counts.requests);
  });

  it('counts a connection that brings bytes nobody asked for', async () => {
    const counts = await runAgainst(
      (socket, number) => {
        socket.write(OK);
        if (number === 50) setTimeout(() => socket.write(OK), 5);
      },
      { connections: 50, rate: 200 },
    );
    expect(counts.connectionsLost).toEqual({ 'unsolicited-bytes': 1 });
    expect(counts.answered).toBe(counts.requests);
  });

  it('counts what is closed between the opening and the run', async () => {
    const counts = await runAgainst(socket => socket.write(OK), {
      onOpen: ({ sockets }) => sockets()[0]!.end(),
      more: { warmUpMs: 500 },
    });
    expect(counts.connectionsLost).toEqual({ 'idle-close': 1 });
    // It was opened again in the warm-up.
    expect(counts.openConnections.at(-1)).toBe(8);
  });

  it('takes nothing but 200 with the whole of the upstream’s body', async () => {
    const answers = new Map([
      [10, 'HTTP/1.1 204 No\r\n\r\n'],
      [20, 'HTTP/1.1 302 Found\r\ncontent-length: 2\r\n\r\nok'],
      [30, 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\no'],
    ]);
    const counts = await runAgainst((socket, number) => socket.write(answers.get(number) ?? OK));
    expect(counts.errors).toEqual({ 'status-204': 1, 'status-302': 1, 'wrong-answer': 1 });
  });

  it('compares the bytes of the first answer of each connection', async () => {
    const counts = await runAgainst(socket => socket.write(OK.replace('ok', 'no')));
    expect(counts.errors).toEqual({ 'wrong-answer': 8 });
  });

  it('does not start without all its connections', async () => {
    server = await startFakeServer(socket => socket.destroy());
    const { port } = server;
    await server.close();
    const arrivals = { rate: 1, durationMs: 1_000, rampMs: 0, seed: 1, stream: 0 };
    const loop = new OpenLoop({
      ...{ host: '127.0.0.1', port, connections: 2, arrivals, warmUpMs: 0, measuredMax: 1 },
      createDialogue: () => new HttpDialogue({ next: () => REQUEST }, 'ok'),
    });
    await expect(loop.open()).rejects.toThrow('ECONNREFUSED');
    loop.close();
  });

  it('adds up the generators of a run', async () => {
    const counts = await runAgainst(socket => socket.write(OK));
    const hiccup = encodeIntoCompressedBase64(createHistogram());
    const outcome = { ...counts, cpuMicros: 10, cpuShare: 0.2, hiccup };
    const merged = mergeOutcomes([outcome, { ...outcome, cpuShare: 0.4 }], 1);
    expect(merged.errors).toEqual({});
    const lossy = { ...outcome, errors: { reset: 1 }, connectionsLost: { 'idle-close': 2 } };
    expect(mergeOutcomes([lossy, lossy], 1)).toMatchObject({
      errors: { reset: 2, 'connection-lost': 4 },
      connectionsLost: { 'idle-close': 4 },
    });
    expect(merged.requests).toBe(2 * counts.requests);
    expect(merged.latency.totalCount).toBe(2 * counts.answered);
    expect(merged.latencyBySecond[0]!.totalCount).toBe(2 * counts.answered);
    expect(merged.due).toEqual([2 * counts.requests]);
    expect(merged.cpuShareMax).toBe(0.4);
    const cells = merged.heat.counts.flat().reduce((sum, count) => sum + count, 0);
    expect(cells).toBe(2 * counts.answered);
  });
});

describe('a run in which the generator was the limit', () => {
  const fine = { lagP99Ms: 2, cpuShareMax: 0.3, firstReadingLateMs: 1 };

  it('is told by its lag, by its share of a core and by a reading that came late', () => {
    expect(judgeGenerator(fine)).toEqual([]);
    expect(judgeGenerator({ ...fine, lagP99Ms: 30 })).toEqual([
      expect.stringContaining('30.0 ms late'),
    ]);
    expect(judgeGenerator({ ...fine, cpuShareMax: 0.97 })).toEqual([
      expect.stringContaining('97 % of a core'),
    ]);
    expect(judgeGenerator({ ...fine, firstReadingLateMs: 51 })).toEqual([
      expect.stringContaining('first read 51 ms late'),
    ]);
    expect(
      judgeGenerator({ lagP99Ms: 30, cpuShareMax: 0.97, firstReadingLateMs: 60 }),
    ).toHaveLength(3);
  });
});
