/** Refusals without an id: the gateway did not read what it refuses. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeNetwork, outcomeOf } from './fake-network.ts';

const LONG = 'x'.repeat(2_000);
const limits = { callsInFlightMax: 2 };
let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

function refuseUnread(code: string): void {
  const data = { type: `/problems/${code}`, status: 429, code, retryAfterSeconds: 1 };
  network.socket.say({ jsonrpc: '2.0', id: null, error: { code: -32_000, message: '', data } });
}

describe('a refusal without an id', () => {
  it('is the outcome of each call of the one batch in flight, and frees the places', async () => {
    const session = await network.session({ limits });
    const batch = session.batch([{ operation: 'a.b' }, { operation: 'a.c' }]);
    const next = session.call('a.next');
    refuseUnread('malformed-request');
    const outcomes = await batch;
    expect(outcomes.map(outcome => (outcome as PromiseRejectedResult).reason.code)).toEqual([
      'malformed-request',
      'malformed-request',
    ]);
    network.socket.answer(3);
    expect((await next).status).toBe(200);
  });

  it('for want of rate is the outcome of the one long message in flight', async () => {
    const session = await network.session({ limits });
    const short = session.call('a.b');
    const long = outcomeOf(session.request('POST', '/a', LONG));
    refuseUnread('rate-limited');
    expect((await long).error).toMatchObject({ code: 'rate-limited', retryAfterSeconds: 1 });
    network.socket.answer(1);
    expect((await short).status).toBe(200);
    expect(network.sockets).toHaveLength(1);
  });

  it('that may be for several ends the connection: only what is safe is repeated', async () => {
    const session = await network.session({ limits });
    const get = session.request('GET', '/a', LONG);
    const post = outcomeOf(session.request('POST', '/a', LONG));
    network.plan.push('open');
    refuseUnread('rate-limited');
    expect((await post).error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
    await vi.advanceTimersByTimeAsync(1_000);
    network.socket.answer(1);
    expect((await get).status).toBe(200);
    expect(network.sockets).toHaveLength(2);
  });

  it('that may be for a notification refuses no call', async () => {
    const session = await network.session({ limits });
    await session.notify({ method: 'POST', path: '/a', body: LONG });
    const short = session.call('a.b');
    refuseUnread('rate-limited');
    network.socket.answer(1);
    expect((await short).status).toBe(200);
    const long = outcomeOf(session.request('POST', '/a', LONG));
    refuseUnread('rate-limited');
    expect((await long).error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
  });

  it('is for no call that has its answer, nor for one that was given up', async () => {
    const session = await network.session({ limits });
    const answered = session.request('POST', '/a', LONG);
    network.socket.answer(1);
    await answered;
    const controller = new AbortController();
    const { signal } = controller;
    const first = outcomeOf(session.request('POST', '/a', LONG, { signal }));
    controller.abort(new Error('enough'));
    await first;
    refuseUnread('rate-limited');
    expect(network.sockets).toHaveLength(1);
    const calls = [session.call('a.b'), session.call('a.c')];
    network.socket.answer(3);
    network.socket.answer(4);
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200]);
  });
});
