import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeNetwork, outcomeOf, settled } from './fake-network.ts';
import { granted, live, named, reconnect, sequences, TOPIC, take } from './topic-steps.ts';

let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a slow consumer', () => {
  const limits = { eventsWaitingMax: 8, pauseMaxMs: 5_000 };

  it('stops the reading of the connection until it has caught up', async () => {
    const { session, subscription } = await live(network, { limits });
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    expect(network.socket.isPaused).toBe(false);
    network.socket.event(TOPIC, 4);
    expect(network.socket.isPaused).toBe(true);
    await take(subscription, 1);
    expect(network.socket.isPaused).toBe(true);
    expect(await take(subscription, 1)).toEqual(named(2, 2));
    expect(network.socket.isPaused).toBe(false);
    expect(session.counters).toMatchObject({ pauses: 1, parkings: 0 });
  });

  it('gets the answers of its calls: reading goes on while one is awaited', async () => {
    const { session, subscription } = await live(network, { limits });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    const { value } = await subscription.next();
    expect(value!.id).toBe(`${TOPIC}-1`);
    const call = session.call('a.b');
    expect(network.socket.isPaused).toBe(false);
    network.socket.answer(network.socket.last.id!);
    expect((await call).status).toBe(200);
    expect(network.socket.isPaused).toBe(true);
  });

  it('leaves the topic at its cursor where events come all the same, and resumes', async () => {
    const { session, subscription } = await live(network, { limits });
    void outcomeOf(session.call('a.b'));
    for (const n of sequences(1, 12)) network.socket.event(TOPIC, n);
    expect(network.socket.last).toMatchObject({ method: 'unsubscribe', params: { topic: TOPIC } });
    expect(await take(subscription, 5)).toEqual(named(1, 5));
    expect(network.socket.sentWith('subscribe')).toHaveLength(1);
    expect(await take(subscription, 1)).toEqual(named(6, 6));
    // These were on their way before the gateway knew.
    network.socket.event(TOPIC, 13);
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.8' });
    granted(network);
    for (const n of sequences(9, 12)) network.socket.event(TOPIC, n);
    expect(await take(subscription, 6)).toEqual(named(7, 12));
    expect(session.counters).toMatchObject({ parkings: 1, duplicates: 0 });
  });

  it('leaves the topic where the pause takes too long, for a peer must answer pings', async () => {
    const { session, subscription } = await live(network, { limits });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.socket.isPaused).toBe(false);
    expect(network.socket.last.method).toBe('unsubscribe');
    expect(session.counters.parkings).toBe(1);
    network.socket.result(network.socket.last.id!, {});
    expect(await take(subscription, 4)).toEqual(named(1, 4));
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.4' });
  });

  it('leaves the topic where reading cannot be paused: in a browser', async () => {
    network.isBrowser = true;
    const { subscription } = await live(network, { limits });
    for (const n of sequences(1, 6)) network.socket.event(TOPIC, n);
    expect(network.socket.last.method).toBe('unsubscribe');
    network.socket.result(network.socket.last.id!, {});
    expect(await take(subscription, 4)).toEqual(named(1, 4));
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.4' });
  });

  it('is left alone by the silence of a connection that is not read', async () => {
    const silent = { ...limits, pauseMaxMs: 100_000, silenceMaxMs: 3_000 };
    await live(network, { limits: silent });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
  });

  it('is not asked for on the next connection before it has caught up', async () => {
    network.isBrowser = true;
    const { subscription } = await live(network, { limits });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    await reconnect(network);
    expect(network.socket.sent).toEqual([]);
    await take(subscription, 2);
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.4' });
  });

  it('does not keep another connection from being read', async () => {
    const { session } = await live(network, { limits });
    const old = network.socket;
    const call = outcomeOf(session.call('a.b'));
    for (const n of sequences(1, 4)) old.event(TOPIC, n);
    network.plan.push('open');
    old.notify('goaway', {});
    await settled();
    expect(old.isPaused).toBe(false);
    old.answer(2);
    expect((await call).value?.status).toBe(200);
  });

  it('holds no more than eventsWaitingMaxBytes, and gets on with events beyond them', async () => {
    const { session, subscription } = await live(network, {
      limits: { eventsWaitingMaxBytes: 1_000 },
    });
    const big = 'x'.repeat(400);
    network.socket.event(TOPIC, 1, big);
    expect(network.socket.isPaused).toBe(true);
    expect(session.counters.parkings).toBe(0);
    network.socket.event(TOPIC, 2, `${big}2`);
    expect(session.counters.parkings).toBe(1);
    network.socket.result(network.socket.last.id!, {});
    expect(await take(subscription, 2)).toHaveLength(2);
    for (const n of [3, 4]) {
      expect(network.socket.last).toMatchObject({ params: { after: `c.${n - 1}` } });
      granted(network);
      network.socket.event(TOPIC, n, `${n}${'x'.repeat(2_000)}`);
      expect(await take(subscription, 1)).toHaveLength(1);
    }
  });

  it('holds at most eventsWaitingMax events, whatever comes', async () => {
    const { subscription } = await live(network, { limits });
    for (const n of sequences(1, 1_000)) network.socket.event(TOPIC, n);
    network.socket.end(1008, 'app-inactive');
    expect(await take(subscription, 8)).toEqual(named(1, 8));
    await expect(subscription.next()).rejects.toMatchObject({ code: 'app-inactive' });
  });
});
