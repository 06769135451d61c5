/** Events on sessions of a real gateway: who gets them, resuming, and peers that do not read. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { ForeignSession } from '../support/foreign-session.ts';
import { TestGateway } from '../support/gateway.ts';

const JOURNAL_MAX_EVENTS = 200;
const SEND_BUFFER_BYTES = 65_536;
/** The kernel's own buffers take a few megabytes before a peer that does not read is noticed. */
const EVENT_CHARS = 60_000;

let bank: DemoBank;
let gateway: TestGateway;
const sessions: ForeignSession[] = [];
beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    config: {
      webSocket: { sendBufferMaxBytes: SEND_BUFFER_BYTES, slowConsumerTimeoutMs: 2_000 },
      events: { journalMaxEvents: JOURNAL_MAX_EVENTS },
    },
  });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.socket.terminate();
});

async function open(keyId?: string): Promise<ForeignSession> {
  const session = await ForeignSession.open(gateway, keyId);
  sessions.push(session);
  return session;
}

let published = 0;
function notices(count: number, text = '') {
  return Array.from({ length: count }, () => {
    published++;
    return { topic: 'notices', id: `n-${published}`, data: { n: published, text } };
  });
}

const idsOf = (events: readonly { readonly id: string }[]) => events.map(({ id }) => id);

describe('a subscriber', () => {
  it('gets what is published behind its cursor, in order, each with its own cursor', async () => {
    const session = await open();
    const cursor = await session.subscribe('notices');
    const events = notices(20);
    const receipts = await gateway.publish(events);
    await expect.poll(() => idsOf(session.events)).toEqual(idsOf(events));
    expect(session.events.map(event => event.cursor)).toEqual(receipts.map(r => r.cursor));
    expect(session.events[0]?.cursor).not.toBe(cursor);
    expect(session.events[3]?.data).toEqual(events[3]?.data);
  });

  it('gets the events of its own partner and of no other', async () => {
    const own = await open();
    const other = await open('ledgerworks-p256');
    await own.subscribe('transfer-status');
    await other.subscribe('transfer-status');
    await gateway.publish([
      { topic: 'transfer-status', partner: 'nebula-pay', id: 't-1', data: 1 },
      { topic: 'transfer-status', partner: 'ledgerworks', id: 't-2', data: 2 },
      { topic: 'transfer-status', partner: 'nebula-pay', id: 't-3', data: 3 },
    ]);
    await expect.poll(() => idsOf(own.events)).toEqual(['t-1', 't-3']);
    await expect.poll(() => idsOf(other.events)).toEqual(['t-2']);
  });

  it('is told why it may not have a topic', async () => {
    const session = await open('creditlens-ed25519');
    await expect(session.subscribe('transfer-status')).rejects.toThrow('not-subscribed');
    await expect(session.subscribe('account-transactions')).rejects.toThrow('scope-insufficient');
    await expect(session.subscribe('nonsense')).rejects.toThrow('not-found');
    await expect(session.subscribe('notices', 'nonsense')).rejects.toThrow('malformed-request');
  });

  it('gets nothing more once it has unsubscribed', async () => {
    const session = await open();
    const witness = await open();
    await session.subscribe('notices');
    await witness.subscribe('notices');
    expect((await session.request('unsubscribe', { topic: 'notices' })).result).toEqual({
      topic: 'notices',
    });
    await gateway.publish(notices(1));
    await expect.poll(() => witness.events.length).toBe(1);
    // An answer that was sent behind the event would arrive behind it.
    await session.request('unsubscribe', { topic: 'notices' });
    expect(session.events).toEqual([]);
  });
});

describe('resuming', () => {
  it('brings what was missed first, then what comes, with no gap and nothing twice', async () => {
    const first = await open();
    await first.subscribe('notices');
    const seen = notices(3);
    await gateway.publish(seen);
    await expect.poll(() => first.events.length).toBe(3);
    const { cursor } = first.events[2]!;
    first.socket.terminate();
    const missed = notices(50);
    await gateway.publish(missed);
    const second = await open();
    const resumed = second.subscribe('notices', cursor);
    const later = notices(50);
    await Promise.all([resumed, ...later.map(event => gateway.publish([event]))]);
    expect(await resumed).toBe(cursor);
    await expect.poll(() => second.events.length).toBe(100);
    expect(idsOf(second.events).slice(0, 50)).toEqual(idsOf(missed));
    expect(idsOf(second.events).toSorted()).toEqual(idsOf([...missed, ...later]).toSorted());
  });

  it('says so where the journal does not reach back', async () => {
    const session = await open();
    const cursor = await session.subscribe('notices');
    await session.request('unsubscribe', { topic: 'notices' });
    for (let i = 0; i < 3; i++) await gateway.publish(notices(JOURNAL_MAX_EVENTS));
    await expect(session.subscribe('notices', cursor)).rejects.toThrow('cursor-expired');
    await expect(session.subscribe('notices', '00000000.1')).rejects.toThrow('cursor-expired');
    await session.subscribe('notices');
  });
});

describe('a subscriber that does not read', () => {
  const text = 'x'.repeat(EVENT_CHARS);

  it('delays nobody, and gets all of it from the journal when it reads again', async () => {
    const silent = await open();
    const reader = await open();
    await silent.subscribe('notices');
    await reader.subscribe('notices');
    silent.socket.pause();
    const events = notices(120, text);
    for (const event of events) await gateway.publish([event]);
    await expect.poll(() => idsOf(reader.events)).toEqual(idsOf(events));
    expect(await gateway.metric('xingyun_websocket_events_deferred_total')).toBeGreaterThan(0);
    const waiting = await gateway.metric('xingyun_websocket_send_buffered_bytes');
    expect(waiting).toBeLessThan(SEND_BUFFER_BYTES + 2 * EVENT_CHARS);
    silent.socket.resume();
    await expect.poll(() => silent.events.length, { timeout: 5_000 }).toBe(events.length);
    expect(idsOf(silent.events)).toEqual(idsOf(events));
    await expect.poll(() => gateway.metric('xingyun_websocket_send_buffered_bytes')).toBe(0);
  });

  it('is cut when that lasts, and can resume', async () => {
    const silent = await open();
    await silent.subscribe('notices');
    silent.socket.pause();
    const events = notices(150, text);
    for (const event of events) await gateway.publish([event]);
    await expect
      .poll(() => gateway.metric('xingyun_websocket_slow_consumers_closed_total'), {
        timeout: 8_000,
      })
      .toBe(1);
    silent.socket.resume();
    // A close frame could not pass what the peer has not read.
    expect(await silent.closed).toEqual({ code: 1006, reason: '' });
    sessions.pop();
    expect(silent.events.length).toBeLessThan(events.length);
    const again = await open();
    await again.subscribe('notices', silent.events.at(-1)!.cursor);
    const all = () => [...idsOf(silent.events), ...idsOf(again.events)];
    await expect.poll(() => all().length, { timeout: 5_000 }).toBe(events.length);
    expect(all()).toEqual(idsOf(events));
  });
});

describe('a change of the registry', () => {
  it('ends the subscriptions that the app has lost, and nothing else', async () => {
    const session = await open();
    await session.subscribe('transfer-status');
    await session.subscribe('notices');
    gateway.changeRegistry(registry => {
      const subscriptions = registry.subscriptions as { app: string; product: string }[];
      registry.subscriptions = subscriptions.filter(
        ({ app, product }) => !(app === 'nebula-pay-app' && product === 'payments'),
      );
    });
    gateway.process?.kill('SIGHUP');
    await expect.poll(() => session.notices).toHaveLength(1);
    expect(session.notices[0]).toMatchObject({
      method: 'subscriptionEnded',
      params: { topic: 'transfer-status', problem: { code: 'not-subscribed' } },
    });
    await gateway.publish([
      { topic: 'transfer-status', partner: 'nebula-pay', id: 't-9', data: 9 },
      ...notices(1),
    ]);
    await expect.poll(() => session.events.map(({ topic }) => topic)).toEqual(['notices']);
  });
});
