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

describe('a subscription', () => {
  it('hands out events in their order, with their cursor', async () => {
    const { subscription } = await live(network);
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
    const { subscription } = await live(network);
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
    granted(network, 'c.9');
    await reconnect(network);
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
    const { session } = await live(network, { limits: { subscriptionsMax: 2 } });
    expect(() => session.subscribe(TOPIC)).toThrow(TypeError);
    session.subscribe('other');
    expect(() => session.subscribe('third')).toThrow(RangeError);
  });

  it('ends with the loop, at the gateway too, and can begin again', async () => {
    const { session, subscription } = await live(network);
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
    granted(network);
    network.socket.event(TOPIC, 2);
    expect(await take(again, 1)).toEqual(named(2, 2));
    expect(session.counters.duplicates).toBe(0);
  });

  it('is left again where the gateway refuses for the moment, until wanted again', async () => {
    const { session, subscription } = await live(network);
    subscription.unsubscribe();
    for (let tries = 1; tries <= 2; tries++) {
      expect(network.socket.sentWith('unsubscribe')).toHaveLength(tries);
      const { id } = network.socket.last;
      network.socket.refuse(id!, 'rate-limited', { status: 429, retryAfterSeconds: 1 });
      await vi.advanceTimersByTimeAsync(2_000);
    }
    network.socket.refuse(network.socket.last.id!, 'overloaded', { status: 503 });
    session.subscribe(TOPIC);
    granted(network);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(network.socket.sentWith('unsubscribe')).toHaveLength(3);
  });

  it('is left once where the gateway knows it no more, and leaves no timer behind', async () => {
    const { session, subscription } = await live(network);
    subscription.unsubscribe();
    network.socket.refuse(network.socket.last.id!, 'not-found', { status: 404 });
    session.subscribe('other').unsubscribe();
    network.socket.refuse(network.socket.last.id!, 'rate-limited', { status: 429 });
    expect(network.socket.sentWith('unsubscribe')).toHaveLength(2);
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with the problem that the gateway names, behind what waits', async () => {
    const { subscription } = await live(network);
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
    const { session, subscription } = await live(network);
    network.socket.event(TOPIC, 1);
    await session.close();
    expect(await take(subscription, 1)).toEqual(named(1, 1));
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
    await expect(session.subscribe(TOPIC).next()).rejects.toMatchObject({ code: 'session-closed' });
  });

  it('ends with why the session ended', async () => {
    const { subscription } = await live(network);
    const waiting = outcomeOf(subscription.next());
    network.socket.end(1008, 'app-inactive');
    expect((await waiting).error).toMatchObject({ code: 'app-inactive' });
  });

  it('is not there for events of other topics', async () => {
    const { subscription } = await live(network);
    network.socket.event('other', 1);
    network.socket.notify('nonsense', {});
    network.socket.event(TOPIC, 2);
    expect(await take(subscription, 1)).toEqual(named(2, 2));
  });
});

describe('after a loss', () => {
  it.each([1001, 1006, 1013])('it goes on behind the last event: %s', async code => {
    const { subscription } = await live(network);
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    network.plan.push('open');
    network.socket.end(code);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.socket.sent).toMatchObject([
      { method: 'subscribe', params: { topic: TOPIC, after: 'c.3' } },
    ]);
    granted(network);
    network.socket.event(TOPIC, 4);
    expect(await take(subscription, 4)).toEqual(named(1, 4));
  });

  it('it goes on behind the answer where no event has come', async () => {
    await live(network);
    await reconnect(network);
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.0' });
  });

  it('it is asked for again where the gateway had not answered', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC);
    await reconnect(network);
    expect(network.socket.sent).toMatchObject([{ method: 'subscribe', params: { topic: TOPIC } }]);
    granted(network);
    network.socket.event(TOPIC, 1);
    expect(await take(subscription, 1)).toEqual(named(1, 1));
  });

  it('it is asked for once where the question still waited for a place', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.call('a.b'));
    session.subscribe(TOPIC);
    await reconnect(network);
    granted(network);
    expect(network.socket.sentWith('subscribe')).toHaveLength(1);
  });

  it('events that come again are left out by their id', async () => {
    const { session, subscription } = await live(network);
    for (const n of sequences(1, 3)) network.socket.event(TOPIC, n);
    await reconnect(network);
    granted(network);
    for (const n of sequences(2, 4)) network.socket.event(TOPIC, n);
    expect(await take(subscription, 4)).toEqual(named(1, 4));
    expect(session.counters.duplicates).toBe(2);
  });

  it('so many ids are remembered, and no more', async () => {
    const { subscription } = await live(network, { limits: { eventIdsMax: 2 } });
    for (const n of [1, 2, 3, 2, 1]) network.socket.event(TOPIC, n);
    expect(await take(subscription, 4)).toEqual([...named(1, 3), ...named(1, 1)]);
  });

  it('a cursor that has expired ends it', async () => {
    const { session, subscription } = await live(network);
    await reconnect(network);
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'cursor-expired' });
    expect(session.counters.gaps).toBe(1);
  });

  it('a cursor that has expired is given up where the consumer wants to go on', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC, { after: 'c.1', onGap: 'continue' });
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    expect(network.socket.last.params).toEqual({ topic: TOPIC });
    granted(network, 'c.90');
    network.socket.event(TOPIC, 91);
    expect(await take(subscription, 1)).toEqual(named(91, 91));
    expect(subscription.gaps).toBe(1);
  });

  it('its cursor is the new one behind the gap, once what came before is handed out', async () => {
    const session = await network.session();
    const subscription = session.subscribe(TOPIC, { after: 'c.1', onGap: 'continue' });
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    granted(network, 'c.90');
    expect(subscription.cursor).toBe('c.90');
    for (const n of sequences(91, 92)) network.socket.event(TOPIC, n);
    await reconnect(network);
    network.socket.refuse(1, 'cursor-expired', { status: 410 });
    granted(network, 'c.200');
    await take(subscription, 1);
    expect(subscription.cursor).toBe('c.91');
    await take(subscription, 1);
    expect(subscription.cursor).toBe('c.200');
  });

  it('a refusal that passes is waited for', async () => {
    const { subscription } = await live(network);
    await reconnect(network);
    network.socket.refuse(1, 'rate-limited', { status: 429, retryAfterSeconds: 2 });
    await vi.advanceTimersByTimeAsync(1_999);
    expect(network.socket.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    granted(network);
    network.socket.event(TOPIC, 1);
    expect(await take(subscription, 1)).toEqual(named(1, 1));
  });

  it('a refusal that stays ends it', async () => {
    const { subscription } = await live(network);
    await reconnect(network);
    network.socket.refuse(1, 'not-subscribed', { status: 403 });
    await expect(subscription.next()).rejects.toMatchObject({ code: 'not-subscribed' });
  });

  it('it leaves no timer behind', async () => {
    const { session } = await live(network);
    await reconnect(network);
    network.socket.refuse(1, 'overloaded', { status: 503, retryAfterSeconds: 5 });
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('after goaway', () => {
  it('it moves to the next connection with its cursor, and hears the old one no more', async () => {
    const { session, subscription } = await live(network);
    const old = network.socket;
    const call = outcomeOf(session.call('a.b'));
    old.event(TOPIC, 1);
    network.plan.push('open');
    old.notify('goaway', { deadlineMs: 1_000, reason: 'drain' });
    await settled();
    expect(network.socket.last.params).toEqual({ topic: TOPIC, after: 'c.1' });
    old.event(TOPIC, 2);
    granted(network);
    network.socket.event(TOPIC, 2);
    network.socket.event(TOPIC, 3);
    expect(await take(subscription, 3)).toEqual(named(1, 3));
    old.answer(2);
    expect((await call).value?.status).toBe(200);
  });
});
