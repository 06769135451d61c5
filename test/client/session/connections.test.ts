import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError, SessionError } from '../../../src/client/index.ts';
import { FakeNetwork, outcomeOf, settled } from './fake-network.ts';

let network: FakeNetwork;
beforeEach(() => {
  vi.useFakeTimers();
  network = new FakeNetwork();
});
afterEach(() => {
  vi.useRealTimers();
});

function refusal(code: string, status: number, retryAfterSeconds?: number): ProblemError {
  return new ProblemError({ code, status, retryAfterSeconds });
}

describe('the first connection', () => {
  it('is one try, and rejects with the problem of the refusal', async () => {
    network.plan.push(refusal('overloaded', 503, 1));
    await expect(network.connect()).rejects.toMatchObject({ code: 'overloaded', status: 503 });
    await vi.runAllTimersAsync();
    expect(network.sockets).toHaveLength(1);
  });

  it('is signed over the http URI and goes to the ws one', async () => {
    await network.session({ baseUrl: 'https://bank.test/open/', path: '/line' });
    expect(network.signed).toEqual([{ method: 'GET', targetUri: 'https://bank.test/open/line' }]);
    expect(network.socket.request).toMatchObject({
      url: 'wss://bank.test/open/line',
      subprotocol: 'xingyun.v1+json',
      signature: { 'signature-input': 'sig=(1)' },
    });
  });

  it('is given up after openTimeoutMs', async () => {
    const opening = outcomeOf(network.connect({ limits: { openTimeoutMs: 3_000 } }));
    await vi.advanceTimersByTimeAsync(3_000);
    expect((await opening).error).toMatchObject({ code: 'connect-failed' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given up with the signal, with its reason', async () => {
    const controller = new AbortController();
    const opening = outcomeOf(network.connect({ signal: controller.signal }));
    await settled();
    controller.abort(new Error('enough'));
    expect((await opening).error!.message).toBe('enough');
    expect(vi.getTimerCount()).toBe(0);
    await expect(network.connect({ signal: controller.signal })).rejects.toThrow('enough');
    expect(network.sockets).toHaveLength(1);
  });

  it('fails with its cause where nobody signs it', async () => {
    vi.spyOn(network.signer, 'sign').mockImplementationOnce(() => {
      throw new Error('no key');
    });
    const { error } = await outcomeOf(network.connect());
    expect(error).toMatchObject({ code: 'signing-failed' });
    expect(error!.cause!.message).toBe('no key');
  });
});

describe('a lost connection', () => {
  it.each([1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013])(
    'is followed by another after %s',
    async code => {
      const session = await network.session();
      network.plan.push('open');
      network.socket.end(code);
      await vi.advanceTimersByTimeAsync(125);
      expect(network.sockets).toHaveLength(2);
      expect(session.counters.reconnects).toBe(1);
      const call = session.call('a.b');
      network.socket.answer(1);
      expect((await call).status).toBe(200);
    },
  );

  it('has its next handshake signed anew', async () => {
    await network.session();
    network.plan.push('open');
    network.socket.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    const fields = network.sockets.map(({ request }) => request.signature['signature-input']);
    expect(fields).toEqual(['sig=(1)', 'sig=(2)']);
  });

  it.each([1002, 1003, 1007, 1010])('is the last one after %s', async code => {
    const session = await network.session();
    network.socket.end(code);
    expect(await session.ended).toMatchObject({ code: 'session-lost' });
    await vi.runAllTimersAsync();
    expect(network.sockets).toHaveLength(1);
  });

  it('is the last one after 1008, and the problem in its reason becomes the error', async () => {
    const session = await network.session();
    const inFlight = outcomeOf(session.request('GET', '/a'));
    network.socket.end(1008, 'key-inactive');
    expect(await session.ended).toMatchObject({ code: 'key-inactive', status: 401 });
    const { error } = await inFlight;
    expect(error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
    expect(error!.cause!).toBeInstanceOf(ProblemError);
    await expect(session.call('a.b')).rejects.toMatchObject({ code: 'key-inactive' });
    await vi.runAllTimersAsync();
    expect(network.sockets).toHaveLength(1);
  });

  it('is followed by another after 1008 for a problem that passes, and a pause', async () => {
    const session = await network.session({ random: () => 0 });
    const post = outcomeOf(session.request('POST', '/a', 1));
    network.plan.push('open');
    network.socket.end(1008, 'rate-limited');
    expect((await post).error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
    await vi.advanceTimersByTimeAsync(999);
    expect(network.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    const call = session.call('a.b');
    network.socket.answer(1);
    expect((await call).status).toBe(200);
  });

  it('is the last one where reconnecting is off', async () => {
    const session = await network.session({ reconnect: { giveUpMs: 0 } });
    network.socket.end(1006);
    expect(await session.ended).toBeInstanceOf(SessionError);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is the last one where the gateway sends no message', async () => {
    for (const garbage of ['{', '7', '{"id":1,"error":{}}', '{}']) {
      const fresh = new FakeNetwork();
      const session = await fresh.session();
      fresh.socket.say(garbage);
      expect(await session.ended).toMatchObject({ code: 'protocol-error' });
    }
  });
});

describe('calls on a lost connection', () => {
  it('are sent again where they are safe or idempotent, in their order', async () => {
    const session = await network.session();
    const calls = ['GET', 'PUT', 'DELETE'].map(method => session.request(method, '/a'));
    calls.push(session.call('a.read', {}, { idempotent: true }));
    network.plan.push('open');
    network.sockets[0]!.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    const repeated = network.socket.sent.map(({ params, method }) => params.method ?? method);
    expect(repeated).toEqual(['GET', 'PUT', 'DELETE', 'a.read']);
    for (const { id } of network.socket.sent) network.socket.answer(id!);
    for (const call of calls) expect((await call).status).toBe(200);
    expect(session.counters.callsRepeated).toBe(4);
  });

  it('reject where they may have taken effect', async () => {
    const session = await network.session();
    const calls = [
      session.request('POST', '/a', 1),
      session.call('a.write'),
      session.request('PUT', '/a', 1, { idempotent: false }),
    ].map(outcomeOf);
    network.plan.push('open');
    network.sockets[0]!.end(1006);
    for (const call of calls) {
      expect((await call).error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.socket.sent).toEqual([]);
  });

  it('are sent where they had not been written', async () => {
    const session = await network.session({ limits: { callsInFlightMax: 1 } });
    void outcomeOf(session.request('GET', '/first'));
    const waiting = session.request('POST', '/second', 1);
    network.plan.push('open');
    network.sockets[0]!.end(1006);
    const late = session.call('a.late');
    await vi.advanceTimersByTimeAsync(1_000);
    for (const id of [1, 2, 3]) network.socket.answer(id);
    expect((await waiting).status).toBe(200);
    expect((await late).status).toBe(200);
    const sent = network.socket.sent.map(({ params, method }) => params.path ?? method);
    expect(sent).toEqual(['/first', '/second', 'a.late']);
  });

  it('are sent on the next one where the gateway was closing already', async () => {
    const session = await network.session();
    const old = network.socket;
    const signing = session.request('POST', '/signed', 1, { sign: true });
    old.hearClose();
    const post = session.request('POST', '/a', 1);
    let isNotified = false;
    const notified = session.notify({ operation: 'a.b' }).then(() => {
      isNotified = true;
    });
    await settled();
    expect([isNotified, old.sent]).toEqual([false, []]);
    network.plan.push('open');
    old.end(1001);
    await vi.advanceTimersByTimeAsync(1_000);
    await notified;
    expect(network.socket.sentWith('a.b')).toHaveLength(1);
    for (const { id } of network.socket.sentWith('call')) network.socket.answer(id!);
    for (const call of [signing, post]) expect((await call).status).toBe(200);
    expect(session.counters.callsRepeated).toBe(0);
  });

  it('are signed anew', async () => {
    const session = await network.session();
    const call = session.request('PUT', '/a', 1, { sign: true });
    await settled();
    network.plan.push('open');
    network.sockets[0]!.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    const inputs = network.sockets.map(({ last }) => last.params.headers!['signature-input']);
    expect(new Set(inputs).size).toBe(2);
    network.socket.answer(1);
    await call;
  });

  it('are sent to the next one where they were being signed', async () => {
    const session = await network.session();
    const call = session.request('POST', '/a', 1, { sign: true });
    network.plan.push('open');
    network.sockets[0]!.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.sockets[0]!.sent).toEqual([]);
    network.socket.answer(1);
    expect((await call).status).toBe(200);
  });

  it('are not repeated after 1009, for one of them was too large', async () => {
    const session = await network.session();
    const call = outcomeOf(session.request('PUT', '/a', 1));
    network.plan.push('open');
    network.socket.end(1009, 'body-too-large');
    expect((await call).error).toMatchObject({ code: 'session-lost' });
  });

  it('are sent attemptsMax times and no more', async () => {
    const session = await network.session({ limits: { attemptsMax: 3 } });
    const call = outcomeOf(session.request('GET', '/a'));
    for (let n = 1; n <= 3; n++) {
      expect(network.socket.sent).toHaveLength(1);
      network.plan.push('open');
      network.socket.end(1006);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect((await call).error).toMatchObject({ code: 'session-lost', mayHaveTakenEffect: true });
    expect(network.socket.sent).toEqual([]);
  });

  it('end with their deadline while there is no connection', async () => {
    const session = await network.session();
    network.plan.push(...Array.from({ length: 50 }, () => new SessionError('connect-failed', 'x')));
    network.socket.end(1006);
    const call = outcomeOf(session.call('a.b', {}, { deadlineMs: 1_000 }));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await call).error).toMatchObject({
      code: 'deadline-exceeded',
      mayHaveTakenEffect: false,
    });
  });
});
