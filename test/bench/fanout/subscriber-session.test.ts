import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { EventLog } from '../../../bench/fanout/event-log.ts';
import type { EventArrivals } from '../../../bench/fanout/subscriber-messages.ts';
import { SubscriberSession } from '../../../bench/fanout/subscriber-session.ts';
import { Handshake } from '../../../bench/load/session/handshake.ts';
import { SignedRequests } from '../../../bench/rig/presigned/request-source.ts';
import { openSignedSet } from '../../../bench/rig/presigned/signed-set.ts';
import { closePayload, OPCODE } from '../../support/frame-codec.ts';
import { FakeSessions, type Peer } from '../load/session/fake-sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-subscriber-'));
afterAll(() => rmSync(folder, { recursive: true }));
const shape = { key: 'hmac', method: 'GET', path: '/ws', bodyBytes: 0, apps: 1 } as const;
const set = await openSignedSet(shape, 64, { validForMs: 60_000, folder });
const requests = SignedRequests.of(set, 0, 64);

let server: FakeSessions | undefined;
afterEach(() => server?.close());

const event = (sequence: number, topic = 'news') =>
  JSON.stringify({
    ...{ jsonrpc: '2.0', method: 'event' },
    params: { topic, cursor: `5f0c2b1a.${sequence}`, id: `${topic}-${sequence}`, data: {} },
  });
const cursor = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"cursor":"5f0c2b1a.0"}}`;

/** What the sessions of one process have seen. */
class Seen {
  readonly arrived: EventArrivals[] = [];
  readonly log: EventLog;
  readonly closed: string[] = [];
  readonly sessions: SubscriberSession[] = [];
  events = 0;
  faults = 0;

  constructor(sessions: number, port: number, topics: readonly string[] = ['news']) {
    this.log = new EventLog(sessions, 'news', arrivals => this.arrived.push(arrivals));
    const owner = {
      log: this.log,
      onEvent: () => this.events++,
      onFault: () => this.faults++,
      onClosed: (how: string) => this.closed.push(how),
    };
    for (let i = 0; i < sessions; i++) {
      const handshake = new Handshake(requests, 'xingyun.v1+json');
      const target = { host: '127.0.0.1', port, topics };
      this.sessions.push(new SubscriberSession(owner, target, handshake, undefined));
    }
  }

  subscribed(): Promise<unknown> {
    return Promise.all(this.sessions.map(session => session.whenSubscribed));
  }
}

async function open(sessions: number, topics?: readonly string[]): Promise<Seen> {
  server = await FakeSessions.start({
    onMessage: (peer, text) => peer.send(cursor((JSON.parse(text) as { id: number }).id)),
  });
  const seen = new Seen(sessions, server.port, topics);
  await seen.subscribed();
  return seen;
}

function toAll(send: (peer: Peer) => void): void {
  for (const peer of server!.peers) send(peer);
}

describe('a subscriber', () => {
  it('tells when an event has come to all, and when to each', async () => {
    const seen = await open(3);
    const fromNanos = Number(process.hrtime.bigint());
    toAll(peer => peer.send(event(1)));
    await expect.poll(() => seen.arrived.length).toBe(1);
    const [{ id, atNanos }] = seen.arrived as [EventArrivals];
    expect(id).toBe('news-1');
    const toNanos = Number(process.hrtime.bigint());
    for (const at of atNanos) {
      expect(at).toBeGreaterThan(fromNanos);
      expect(at).toBeLessThan(toNanos);
    }
    // One that does not have it: nobody has it yet.
    server!.peers[0]!.send(event(2));
    server!.peers[1]!.send(event(2));
    await expect.poll(() => seen.events).toBe(5);
    expect(seen.arrived).toHaveLength(1);
  });

  it('counts events of other topics and watches none of them', async () => {
    const seen = await open(2, ['news', 'flood']);
    toAll(peer => {
      peer.send(event(1, 'flood'));
      peer.send(event(2));
    });
    await expect.poll(() => seen.arrived.length).toBe(1);
    expect(seen).toMatchObject({ events: 4, faults: 0 });
  });

  it('finds what comes twice, out of order, or is no event', async () => {
    const seen = await open(1);
    for (const text of [event(1), event(1), event(3), event(2), '{"method":"goaway"}', '[']) {
      server!.peers[0]!.send(text);
    }
    await expect.poll(() => seen.faults).toBe(4);
    expect(seen.events).toBe(2);
  });

  it('says how it was closed', async () => {
    const seen = await open(2);
    server!.peers[0]!.send(closePayload(1013, 'slow-consumer'), OPCODE.close);
    server!.peers[1]!.socket.destroy();
    await expect.poll(() => seen.closed.toSorted()).toEqual(['1013', 'reset']);
  });

  it('reads no more once it is paused', async () => {
    const seen = await open(1);
    seen.sessions[0]!.pause();
    server!.peers[0]!.send(event(1));
    const other = new Seen(1, server!.port);
    await other.subscribed();
    server!.peers[1]!.send(event(1));
    await expect.poll(() => other.events).toBe(1);
    expect(seen.events).toBe(0);
  });

  it('does not open where it may not subscribe', async () => {
    server = await FakeSessions.start({
      onMessage: peer => peer.send('{"jsonrpc":"2.0","id":0,"error":{"code":-32000}}'),
    });
    await expect(new Seen(1, server.port).subscribed()).rejects.toThrow(
      'subscribe was answered with',
    );
  });
});
