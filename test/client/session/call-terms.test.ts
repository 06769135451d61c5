import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError } from '../../../src/client/index.ts';
import { FakeNetwork, outcomeOf, settled } from './fake-network.ts';

let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('giving a call up', () => {
  it('rejects at once with the reason and tells the gateway', async () => {
    const session = await network.session();
    const controller = new AbortController();
    const call = outcomeOf(session.call('a.b', {}, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect((await call).error!.message).toBe('enough');
    expect(network.socket.last).toMatchObject({ method: 'cancel', params: { id: 1 } });
    expect(network.socket.last.id).toBeUndefined();
  });

  it('keeps the place taken until the gateway has answered', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    const controller = new AbortController();
    const first = outcomeOf(session.call('a.first', {}, { signal: controller.signal }));
    void outcomeOf(session.call('a.second'));
    controller.abort();
    await first;
    expect(network.socket.sentWith('a.second')).toHaveLength(0);
    network.socket.refuse(1, 'call-cancelled');
    expect(network.socket.sentWith('a.second')).toHaveLength(1);
  });

  it('frees the place after cancelGraceMs where the gateway does not answer', async () => {
    const limits = { callsInFlightMax: 1, cancelGraceMs: 3_000 };
    const session = await network.session({ limits });
    const controller = new AbortController();
    const first = outcomeOf(session.call('a.first', {}, { signal: controller.signal }));
    const second = session.call('a.second');
    controller.abort();
    await first;
    await vi.advanceTimersByTimeAsync(2_999);
    expect(network.socket.sentWith('a.second')).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    network.socket.answer(1, 'late');
    network.socket.answer(2, 'own');
    expect((await second).body).toBe('own');
  });

  it('sends nothing of a call that waited, nor of one that was aborted before', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.call('a.first'));
    const controller = new AbortController();
    const waiting = outcomeOf(session.call('a.waits', {}, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect((await waiting).error!.message).toBe('enough');
    const late = outcomeOf(session.call('a.late', {}, { signal: controller.signal }));
    expect((await late).error!.message).toBe('enough');
    network.socket.answer(1);
    await settled();
    expect(network.socket.sent).toHaveLength(1);
  });

  it('leaves no timer and no listener behind', async () => {
    const session = await network.session();
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const call = session.call('a.b', {}, { signal });
    network.socket.answer(1);
    await call;
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a deadline', () => {
  it('is told to the gateway, less what the call has waited', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.call('a.first'));
    void outcomeOf(session.call('a.second', {}, { deadlineMs: 500 }));
    await vi.advanceTimersByTimeAsync(200);
    network.socket.answer(1);
    expect(network.socket.last.params).toEqual({ deadlineMs: 300 });
  });

  it('leaves the gateway a moment to say it itself', async () => {
    const session = await network.session();
    const call = outcomeOf(session.call('a.b', {}, { deadlineMs: 500 }));
    await vi.advanceTimersByTimeAsync(700);
    network.socket.refuse(1, 'deadline-exceeded', { status: 504 });
    expect((await call).error).toBeInstanceOf(ProblemError);
  });

  it('ends a call that is not answered, which may have taken effect', async () => {
    const session = await network.session();
    const call = outcomeOf(session.call('a.b', {}, { deadlineMs: 500 }));
    await vi.advanceTimersByTimeAsync(1_500);
    expect((await call).error).toMatchObject({
      code: 'deadline-exceeded',
      mayHaveTakenEffect: true,
    });
    expect(network.socket.last.method).toBe('cancel');
  });

  it('ends a call that was never sent, which has taken no effect', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.call('a.first'));
    const call = outcomeOf(session.call('a.second', {}, { deadlineMs: 500 }));
    await vi.advanceTimersByTimeAsync(500);
    expect((await call).error).toMatchObject({
      code: 'deadline-exceeded',
      mayHaveTakenEffect: false,
    });
  });

  it('is there without being asked for', async () => {
    const session = await network.session({ limits: { deadlineMs: 2_000, silenceMaxMs: 60_000 } });
    const call = outcomeOf(session.call('a.b'));
    expect(network.socket.last.params).toEqual({});
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await call).error).toMatchObject({ code: 'deadline-exceeded' });
  });

  it.each([0, 1.5, 600_001, Number.NaN])('is refused where it is none: %s', async deadlineMs => {
    const session = await network.session();
    await expect(session.call('a.b', {}, { deadlineMs })).rejects.toThrow(RangeError);
  });
});

describe('back pressure', () => {
  it('keeps calls in flight and calls that wait within their limits', async () => {
    const limits = { callsInFlightMax: 2, callsWaitingMax: 3 };
    const session = await network.session({ limits });
    const calls = Array.from({ length: 6 }, (_, n) =>
      outcomeOf(session.call('a.b', { query: { n } })),
    );
    expect(network.socket.sent).toHaveLength(2);
    expect((await calls[5])!.error).toMatchObject({
      code: 'too-many-waiting',
      mayHaveTakenEffect: false,
    });
    expect(session.counters.callsNotQueued).toBe(1);
    for (let id = 1; id <= 5; id++) network.socket.answer(id);
    expect((await Promise.all(calls.slice(0, 5))).every(({ value }) => value?.status === 200)).toBe(
      true,
    );
    expect(network.socket.sent.map(({ params }) => params.query!.n)).toEqual([0, 1, 2, 3, 4]);
  });

  it('writes nothing while too much waits for the network', async () => {
    const session = await network.session({ limits: { sendBufferMaxBytes: 1_000 } });
    network.socket.bufferedBytes = 1_000;
    const call = session.call('a.b');
    expect(network.socket.sent).toHaveLength(0);
    network.socket.drain(0);
    expect(network.socket.sent).toHaveLength(1);
    network.socket.answer(1);
    expect((await call).status).toBe(200);
  });
});

describe('batches and notifications', () => {
  it('are one message with one outcome each', async () => {
    const session = await network.session();
    const batch = session.batch([
      { operation: 'a.b' },
      { method: 'GET', path: '/a' },
      { operation: 'a.c' },
    ]);
    expect(network.socket.frames).toHaveLength(1);
    expect(JSON.parse(network.socket.frames[0]!)).toHaveLength(3);
    network.socket.say([
      { jsonrpc: '2.0', id: 3, error: { code: -32_000, message: 'no', data: { code: 'x' } } },
      { jsonrpc: '2.0', id: 1, result: { status: 200, body: 1 } },
      { jsonrpc: '2.0', id: 2, result: { status: 201, body: 2 } },
    ]);
    const outcomes = await batch;
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[1]).toMatchObject({ value: { status: 201, body: 2 } });
  });

  it('wait until the whole batch has places', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 2 } });
    void outcomeOf(session.call('a.first'));
    const batch = session.batch([{ operation: 'a.b' }, { operation: 'a.c' }]);
    expect(network.socket.frames).toHaveLength(1);
    network.socket.answer(1);
    expect(network.socket.frames).toHaveLength(2);
    network.socket.answer(2);
    network.socket.answer(3);
    expect((await batch).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('are refused beyond batchMax', async () => {
    const session = await network.session({ limits: { batchMax: 2 } });
    const call = { operation: 'a.b' };
    await expect(session.batch([call, call, call])).rejects.toThrow(RangeError);
    expect(await session.batch([])).toEqual([]);
    expect(network.socket.frames).toHaveLength(0);
  });

  it('are not begun where one of them is none: no deadline runs, nothing is sent', async () => {
    const session = await network.session();
    const good = { method: 'POST', path: '/a', body: 1 };
    const bad = { method: 'POST', path: 'http://other.test/' };
    await expect(session.batch([good, bad])).rejects.toThrow(TypeError);
    await expect(session.batch([good], { deadlineMs: 0 })).rejects.toThrow(RangeError);
    expect(network.socket.frames).toHaveLength(0);
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('have no id where nothing is to be answered, and take no place', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    await session.notify({ method: 'POST', path: '/a', body: 1 });
    await session.notify({ operation: 'a.b' });
    expect(network.socket.sent.map(({ id }) => id)).toEqual([undefined, undefined]);
  });
});
