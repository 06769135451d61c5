import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { countArrivals } from '../../../../bench/load/arrivals.ts';
import { pingsOf } from '../../../../bench/load/create-dialogues.ts';
import { OpenLoop } from '../../../../bench/load/open-loop.ts';
import type { TallyCounts } from '../../../../bench/load/run-tally.ts';
import { openSignedSet } from '../../../../bench/rig/presigned/signed-set.ts';
import { closePayload, encodeFrame, OPCODE } from '../../../support/frame-codec.ts';
import { type Conduct, FakeSessions } from './fake-sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-pings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const shape = { key: 'hmac', method: 'GET', path: '/ws', bodyBytes: 0, apps: 1 } as const;
const set = await openSignedSet(shape, 16, { validForMs: 60_000, folder });

let server: FakeSessions | undefined;
afterEach(() => server?.close());

/** Pings of a second on four sessions. */
async function ping(onControl: Conduct['onControl']): Promise<TallyCounts> {
  server = await FakeSessions.start({ onMessage: () => undefined, onControl: onControl! });
  const arrivals = { rate: 200, durationMs: 1_000, rampMs: 0, seed: 5, stream: 0 };
  const loop = new OpenLoop({
    ...{ host: '127.0.0.1', port: server.port, connections: 4, arrivals, warmUpMs: 0 },
    measuredMax: countArrivals(arrivals),
    drainMs: 300,
    createDialogue: pingsOf({ set, first: 0, count: 16 }),
  });
  await loop.open();
  const counts = await loop.run(performance.now() + 20);
  loop.close();
  return counts;
}

describe('pings on sessions', () => {
  it('are answered each, and what a round trip takes is known', async () => {
    const payloads = new Set<string>();
    const counts = await ping((peer, opcode, payload) => {
      expect(opcode).toBe(OPCODE.ping);
      payloads.add(payload);
      setTimeout(() => peer.send(payload, OPCODE.pong), 5);
    });
    expect(counts.requests).toBeGreaterThan(100);
    expect(counts.errors).toEqual({});
    expect(counts.answered).toBe(counts.requests - counts.missedSends);
    expect(Math.min(...counts.samples.sinceSentMicros)).toBeGreaterThan(3_000);
    // Each session counts by itself.
    expect(payloads.size).toBeGreaterThan(counts.requests / 8);
    expect(server!.heads).toHaveLength(4);
  });

  it('answer those of the server, and take no other payload for their own', async () => {
    const pongs: string[] = [];
    let number = 0;
    const counts = await ping((peer, opcode, payload) => {
      if (opcode === OPCODE.pong) return pongs.push(payload);
      number += 1;
      if (number === 10) return peer.send('else', OPCODE.pong);
      if (number === 20) return peer.send(closePayload(1001, 'goaway'), OPCODE.close);
      if (number === 30) return peer.send('text');
      const asked = encodeFrame({ opcode: OPCODE.ping, payload: 'there?', mask: false });
      peer.socket.write(asked);
      return peer.send(payload, OPCODE.pong);
    });
    expect(counts.errors).toEqual({ 'malformed-answer': 2, closed: 1 });
    expect(counts.connectionsLost).toEqual({});
    expect(new Set(pongs)).toEqual(new Set(['there?']));
    expect(counts.answered).toBe(counts.requests - counts.missedSends - 3);
  });
});
