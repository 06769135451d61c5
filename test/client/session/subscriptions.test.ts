import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Subscription } from '../../../src/client/index.ts';
import { FakeNetwork, outcomeOf, settled } from './fake-network.ts';

const TOPIC = 'transfer-status';
let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

async function live(options: Parameters<FakeNetwork['session']>[0] = {}) {
  const session = await network.session(options);
  const subscription = session.subscribe(TOPIC);
  network.socket.result(network.socket.last.id!, { topic: TOPIC, cursor: 'c.0' });
  return { session, subscription };
}

/** Opens the next connection and answers its subscription. */
async function reconnect(): Promise<void> {
  network.plan.push('open');
  network.socket.end(1006);
  await vi.advanceTimersByTimeAsync(1_000);
}

function granted(cursor = 'c.0'): void {
  network.socket.result(network.socket.sentWith('subscribe').at(-1)!.id!, { cursor });
}

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const { value } = await subscription.next();
    ids.push(value!.id);
  }
  return ids;
}

function sequences(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

const named = (from: number, to: number) => sequences(from, to).map(n => `${TOPIC}-${n}`);

describe('a subscription', () => {
  it('hands out events in their order, with their cursor', async () => {
    const { subscription } = await live();
    expect(await subscription.started).toBe('c.0');
    expect(subscription.cursor).toBe('c.0');
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    const { value } = await subscription.next();
    expect(value).toEqual({
      topic: TOPIC,
      cursor: 'c.1',
      id: `${TOPIC}-1`,
      time: '2026-11-26T01:00:00.000Z',
      data: { sequence: 1 },
    });
    expect(subscription.cursor).toBe('c.1');
    expect(await take(subscription, 2)).toEqual(named(2, 3));
  });

  it('hands an event to whoever waits for it', async () => {
    const { subscription } = await live();
    const waiting = [subscription.next(), subscription.next()];
    network.socket.event(TOPIC, 1);
    network.socket.event(TOPIC, 2);
    const ids = (await Promise.all(waiting)).map(({ value }) => value!.id);
    expect(ids).toEqual(named(1, 2));
  });

  it('begins behind the cursor that it is given', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC, { after: 'c.5' });
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.5' });
    granted('c.9');
    await reconnect();
    // The cursor of the answer is not that of an event which has come.
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.5' });
    expect(subscription.cursor).toBe('c.5');
  });

  it('throws the refusal where it is iterated over', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC);
    network.socket.refuse(1, 'scope-insufficient', { status: 403 });
    await expect(subscription.started).rejects.toMatchObject({ code: 'scope-insufficient' });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'scope-insufficient' });
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    // The topic is free again.
    session.subscribe(TOPIC);
  });

  it('exists once for a topic, and subscriptionsMax times for a session', async () => {
    const { session } = await live({ limits: { subscriptionsMax: 2 } });
    expect(() => session.subscribe(TOPIC)).toThrow(TypeError);
    session.subscribe('other');
    expect(() => session.subscribe('third')).toThrow(RangeError);
  });

  it('ends with the loop, at the gateway too, and can begin again', async () => {
    const { session, subscription } = await live();
    network.socket.event(TOPIC, 1);
    for await (const event of subscription) {
      expect(event.id).toBe(`${TOPIC}-1`);
      break;
    }
    expect(network.socket.last).toMatchObject({ method: 'unsubscribe', params: { topic: TOPIC } });
    network.socket.event(TOPIC, 2);
    const again = session.subscribe(TOPIC, { after: 'c.1' });
    network.socket.event(TOPIC, 2);
    network.socket.result(2, {});
    granted();
    network.socket.event(TOPIC, 2);
    expect(await take(again, 1)).toEqual(named(2, 2));
    expect(session.counters.duplicates).toBe(0);
  });

  it('is left again where the gateway refuses for the moment, until it is wanted again', async () => {
    const { session, subscription } = await live();
    subscription.unsubscribe();
    for (let tries = 1; tries <= 2; tries++) {
      expect(network.socket.sentWith('unsubscribe')).toHaveLength(tries);
      const { id } = network.socket.last;
      network.socket.refuse(id!, 'rate-limited', { status: 429, retryAfterSeconds: 1 });
      await vi.advanceTimersByTimeAsync(2_000);
    }
    network.socket.refuse(network.socket.last.id!, 'overloaded', { status: 503 });
    session.subscribe(TOPIC);
    granted();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.socket.sentWith('unsubscribe')).toHaveLength(3);
  });

  it('is left once where the gateway knows it no more, and leaves no timer behind', async () => {
    const { session, subscription } = await live();
    subscription.unsubscribe();
    network.socket.refuse(network.socket.last.id!, 'not-found', { status: 404 });
    session.subscribe('other').unsubscribe();
    network.socket.refuse(network.socket.last.id!, 'rate-limited', { status: 429 });
    expect(network.socket.sentWith('unsubscribe')).toHaveLength(2);
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the problem that the gateway names, behind what waits', async () => {
    const { subscription } = await live();
    network.socket.event(TOPIC, 1);
    const problem = { type: '/problems/not-subscribed', code: 'not-subscribed', status: 403 };
    network.socket.notify('subscriptionEnded', { topic: TOPIC, problem });
    expect(await take(subscription, 1)).toEqual(named(1, 1));
    await expect(subscription.next()).rejects.toMatchObject({
      code: 'not-subscribed',
      status: 403,
    });
  });

  it('ends with the session, behind what waits', async () => {
    const { session, subscription } = await live();
    network.socket.event(TOPIC, 1);
    await session.close();
    expect(await take(subscription, 1)).toEqual(named(1, 1));
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    await expect(session.subscribe(TOPIC).next()).rejects.toMatchObject({ code: 'session-closed' });
  });

  it('ends with why the session ended', async () => {
    const { subscription } = await live();
    const waiting = outcomeOf(subscription.next());
    network.socket.end(1008, 'app-inactive');
    expect((await waiting).error).toMatchObject({ code: 'app-inactive' });
  });

  it('is not there for events of other topics', async () => {
    const { subscription } = await live();
    network.socket.event('other', 1);
    network.socket.notify('nonsense', {});
    network.socket.event(TOPIC, 2);
    expect(await take(subscription, 1)).toEqual(named(2, 2));
  });
});

describe('after a loss', () => {
  it.each([1001, 1006, 1013])('it goes on behind the last event: %s', async code => {
    const { subscription } = await live();
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    network.plan.push('open');
    network.socket.end(code);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.socket.sent).toMatchObject([
      { method: 'subscribe', params: { topic: TOPIC, after: 'c.3' } },
    ]);
    granted();
    network.socket.event(TOPIC, 4);
    expect(await take(subscription, 4)).toEqual(named(1, 4));
  });

  it('it goes on behind the answer where no event has come', async () => {
    await live();
    await reconnect();
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.0' });
  });

  it('it is asked for again where the gateway had not answered', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC);
    await reconnect();
    expect(network.socket.sent).toMatchObject([{ method: 'subscribe', params: { topic: TOPIC } }]);
    granted();
    network.socket.event(TOPIC, 1);
    expect(await take(subscription, 1)).toEqual(named(1, 1));
  });

  it('it is asked for once where the question still waited for a place', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.call('a.b'));
    session.subscribe(TOPIC);
    await reconnect();
    granted();
    expect(network.socket.sentWith('subscribe')).toHaveLength(1);
  });

  it('events that come again are left out by their id', async () => {
    const { session, subscription } = await live();
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    await reconnect();
    granted();
    for (const n of sequences(2, 4)) network.socket.event(TOPIC, n);
    expect(await take(subscription, 4)).toEqual(named(1, 4));
    expect(session.counters.duplicates).toBe(2);
  });

  it('so many ids are remembered, and no more', async () => {
    const { subscription } = await live({ limits: { eventIdsMax: 2 } });
    for (const n of [1, 2, 3, 2, 1]) network.socket.event(TOPIC, n);
    expect(await take(subscription, 4)).toEqual([...named(1, 3), ...named(1, 1)]);
  });

  it('a cursor that has expired ends it', async () => {
    const { session, subscription } = await live();
    await reconnect();
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'cursor-expired' });
    expect(session.counters.gaps).toBe(1);
  });

  it('a cursor that has expired is given up where the consumer wants to go on', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC, { after: 'c.1', onGap: 'continue' });
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    expect(network.socket.last.params).toEqual({ topic: TOPIC });
    granted('c.90');
    network.socket.event(TOPIC, 91);
    expect(await take(subscription, 1)).toEqual(named(91, 91));
    expect(subscription.gaps).toBe(1);
  });

  it('its cursor is the new one behind the gap, once what came before is handed out', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC, { after: 'c.1', onGap: 'continue' });
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    granted('c.90');
    expect(subscription.cursor).toBe('c.90');
    for (const n of sequences(91, 92)) network.socket.event(TOPIC, n);
    await reconnect();
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    granted('c.200');
    await take(subscription, 1);
    expect(subscription.cursor).toBe('c.91');
    await take(subscription, 1);
    expect(subscription.cursor).toBe('c.200');
  });

  it('a refusal that passes is waited for', async () => {
    const { subscription } = await live();
    await reconnect();
    network.socket.refuse(1, 'rate-limited', { status: 429, retryAfterSeconds: 2 });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(network.socket.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    granted();
    network.socket.event(TOPIC, 1);
    expect(await take(subscription, 1)).toEqual(named(1, 1));
  });

  it('a refusal that stays ends it', async () => {
    const { subscription } = await live();
    await reconnect();
    network.socket.refuse(1, 'not-subscribed', { status: 403 });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'not-subscribed' });
  });

  it('it leaves no timer behind', async () => {
    const { session } = await live();
    await reconnect();
    network.socket.refuse(1, 'overloaded', { status: 503, retryAfterSeconds: 5 });
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('after goaway', () => {
  it('it moves to the next connection with its cursor, and hears the old one no more', async () => {
    const { session, subscription } = await live();
    const old = network.socket;
    const call = outcomeOf(session.call('a.b'));
    old.event(TOPIC, 1);
    network.plan.push('open');
    old.notify('goaway', { deadlineMs: 1_000, reason: 'drain' });
    await settled();
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.1' });
    old.event(TOPIC, 2);
    granted();
    network.socket.event(TOPIC, 2);
    network.socket.event(TOPIC, 3);
    expect(await take(subscription, 3)).toEqual(named(1, 3));
    old.answer(2);
    expect((await call).value?.status).toBe(200);
  });
});

describe('a slow consumer', () => {
  const limits = { eventsWaitingMax: 8, pauseMaxMs: 5_000 };

  it('stops the reading of the connection until it has caught up', async () => {
    const { session, subscription } = await live({ limits });
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
    const { session, subscription } = await live({ limits });
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
    const { session, subscription } = await live({ limits });
    void outcomeOf(session.call('a.b'));
    for (const n of sequences(1, 12)) network.socket.event(TOPIC, n);
    expect(network.socket.last).toMatchObject({ method: 'unsubscribe', params: { topic: TOPIC } });
    expect(await take(subscription, 5)).toEqual(named(1, 5));
    expect(network.socket.sentWith('subscribe')).toHaveLength(1);
    expect(await take(subscription, 1)).toEqual(named(6, 6));
    // These were on their way before the gateway knew.
    network.socket.event(TOPIC, 13);
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.8' });
    granted();
    for (const n of sequences(9, 12)) network.socket.event(TOPIC, n);
    expect(await take(subscription, 6)).toEqual(named(7, 12));
    expect(session.counters).toMatchObject({ parkings: 1, duplicates: 0 });
  });

  it('leaves the topic where the pause takes too long, for a peer must answer pings', async () => {
    const { session, subscription } = await live({ limits });
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
    const { subscription } = await live({ limits });
    for (const n of sequences(1, 6)) network.socket.event(TOPIC, n);
    expect(network.socket.last.method).toBe('unsubscribe');
    network.socket.result(network.socket.last.id!, {});
    expect(await take(subscription, 4)).toEqual(named(1, 4));
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.4' });
  });

  it('is left alone by the silence of a connection that is not read', async () => {
    const silent = { ...limits, pauseMaxMs: 100_000, silenceMaxMs: 3_000 };
    await live({ limits: silent });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(network.sockets).toHaveLength(1);
  });

  it('is not asked for on the next connection before it has caught up', async () => {
    network.isBrowser = true;
    const { subscription } = await live({ limits });
    for (const n of sequences(1, 4)) network.socket.event(TOPIC, n);
    await reconnect();
    expect(network.socket.sent).toEqual([]);
    await take(subscription, 2);
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.4' });
  });

  it('does not keep another connection from being read', async () => {
    const { session } = await live({ limits });
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
    const { session, subscription } = await live({ limits: { eventsWaitingMaxBytes: 1_000 } });
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
      granted();
      network.socket.event(TOPIC, n, `${n}${'x'.repeat(2_000)}`);
      expect(await take(subscription, 1)).toHaveLength(1);
    }
  });

  it('holds at most eventsWaitingMax events, whatever comes', async () => {
    const { subscription } = await live({ limits });
    for (const n of sequences(1, 1_000)) network.socket.event(TOPIC, n);
    network.socket.end(1008, 'app-inactive');
    expect(await take(subscription, 8)).toEqual(named(1, 8));
    await expect(subscription.next()).rejects.toMatchObject({ code: 'app-inactive' });
  });
});
