import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError, type SessionChange, SessionError } from '../../../src/client/index.ts';
import { PROBLEM_NAMES, PROBLEMS } from '../../../src/core/problems.ts';
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

describe('the pauses between tries', () => {
  async function pauses(session: { reconnect?: object; random?: () => number }, tries: Error[]) {
    const waits: number[] = [];
    const onChange = (change: SessionChange) => {
      if (change.kind === 'waiting') waits.push(change.waitMs);
    };
    const opened = await network.session({ onChange, ...session });
    network.plan.push(...tries);
    network.socket.end(1006);
    await vi.advanceTimersByTimeAsync(3_600_000);
    return { waits, opened };
  }
  const down = () => new SessionError('connect-failed', 'x');

  it('double up to their maximum, with jitter', async () => {
    const reconnect = { backoffMs: 100, backoffMaxMs: 1_000, giveUpMs: 600_000 };
    const { waits } = await pauses({ reconnect }, Array.from({ length: 5 }, down));
    expect(waits.slice(0, 6)).toEqual([50, 100, 200, 400, 500, 500]);
  });

  it('last as long as Retry-After asks for', async () => {
    const { waits } = await pauses({ random: () => 0 }, [refusal('overloaded', 503, 7)]);
    expect(waits.slice(0, 2)).toEqual([0, 7_000]);
  });

  it('are the last thing where Retry-After asks for too long', async () => {
    const { waits, opened } = await pauses({}, [refusal('overloaded', 503, 3_600)]);
    expect(waits).toHaveLength(1);
    expect(await opened.ended).toMatchObject({ code: 'overloaded' });
  });

  it('end after giveUpMs without a stable connection', async () => {
    const reconnect = { backoffMs: 1_000, backoffMaxMs: 1_000, giveUpMs: 5_000 };
    const tries = Array.from({ length: 100 }, down);
    const { waits, opened } = await pauses({ reconnect, random: () => 1 }, tries);
    expect(waits).toHaveLength(4);
    expect(await opened.ended).toMatchObject({ code: 'connect-failed' });
  });

  it.each(PROBLEM_NAMES)('follow the table of problems: %s', async name => {
    const { opened } = await pauses({}, [refusal(name, PROBLEMS[name].status)]);
    if (PROBLEMS[name].retry) {
      expect(network.sockets.length).toBeGreaterThan(2);
      return;
    }
    expect(network.sockets).toHaveLength(2);
    expect(await opened.ended).toMatchObject({ code: name });
  });

  it('follow an unknown refusal only where a server on the way failed', async () => {
    const retried = await pauses({}, [refusal('http-502', 502)]);
    expect(retried.waits.length).toBeGreaterThan(1);
    const final = await pauses({}, [refusal('http-404', 404)]);
    expect(await final.opened.ended).toMatchObject({ code: 'http-404' });
  });

  it('start anew after a stable connection, and not after one that broke at once', async () => {
    const waits: number[] = [];
    const onChange = (change: SessionChange) => {
      if (change.kind === 'waiting') waits.push(change.waitMs);
    };
    const reconnect = { backoffMs: 100, stableMs: 10_000 };
    await network.session({ onChange, reconnect });
    for (const lastedMs of [0, 0, 0, 10_000]) {
      network.plan.push('open');
      await vi.advanceTimersByTimeAsync(lastedMs);
      network.socket.end(1006);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(waits).toEqual([50, 100, 200, 50]);
  });

  it('end with close', async () => {
    const session = await network.session();
    network.socket.end(1006);
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.runAllTimersAsync();
    expect(network.sockets).toHaveLength(1);
  });
});

describe('goaway', () => {
  const goaway = { deadlineMs: 5_000, reason: 'drain' };

  it('opens the next connection at once; the old one ends when its answers are in', async () => {
    const session = await network.session();
    const old = network.socket;
    const first = session.request('POST', '/first', 1);
    network.plan.push('open');
    old.notify('goaway', goaway);
    await settled();
    expect(network.sockets).toHaveLength(2);
    const second = session.request('POST', '/second', 1);
    expect(network.socket.last.params.path).toBe('/second');
    expect(old.isClosing).toBe(false);
    old.answer(1);
    expect((await first).status).toBe(200);
    expect(old.isClosing).toBe(true);
    network.socket.answer(1);
    expect((await second).status).toBe(200);
    expect(session.counters).toMatchObject({ moves: 1, reconnects: 0 });
  });

  it('ends an idle connection at once when the next is open', async () => {
    const session = await network.session();
    network.plan.push('open');
    network.socket.notify('goaway', goaway);
    await settled();
    expect(network.sockets[0]!.isClosing).toBe(true);
    await settled();
    expect(network.sockets[1]!.isClosing).toBe(false);
    expect(session.counters.reconnects).toBe(0);
  });

  it('goes on with the old one until the next can be opened', async () => {
    const session = await network.session({ reconnect: { backoffMs: 100 } });
    const old = network.socket;
    network.plan.push(
      refusal('too-many-connections', 503),
      new SessionError('connect-failed', 'x'),
    );
    old.notify('goaway', goaway);
    await settled();
    const first = session.call('a.first');
    old.answer(1);
    expect((await first).status).toBe(200);
    network.plan.push('open');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(old.isClosing).toBe(true);
    const second = session.call('a.second');
    network.socket.answer(1);
    expect((await second).status).toBe(200);
  });

  it('ends the session when the old one ends and the next was refused for good', async () => {
    const session = await network.session();
    const old = network.socket;
    network.plan.push(refusal('key-inactive', 401));
    old.notify('goaway', goaway);
    await vi.advanceTimersByTimeAsync(1_000);
    const call = session.call('a.b');
    old.answer(1);
    expect((await call).status).toBe(200);
    old.end(1001, 'goaway');
    expect(await session.ended).toMatchObject({ code: 'key-inactive' });
  });

  it('keeps trying when the deadline passes before there is another', async () => {
    const session = await network.session({ reconnect: { backoffMs: 100 } });
    const old = network.socket;
    network.plan.push(new SessionError('connect-failed', 'x'), 'open');
    old.notify('goaway', goaway);
    await settled();
    const post = outcomeOf(session.request('POST', '/a', 1));
    const get = session.request('GET', '/a');
    old.end(1001, 'goaway');
    expect((await post).error).toMatchObject({ code: 'session-lost' });
    await vi.advanceTimersByTimeAsync(1_000);
    network.socket.answer(1);
    expect((await get).status).toBe(200);
    expect(network.sockets).toHaveLength(3);
  });

  it('is not followed at once where the next connection leaves as soon as it is open', async () => {
    await network.session({ reconnect: { backoffMs: 1_000 }, random: () => 1 });
    network.plan.push('open', 'open');
    network.socket.notify('goaway', goaway);
    await settled();
    network.socket.notify('goaway', goaway);
    await settled();
    expect(network.sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(network.sockets).toHaveLength(3);
  });

  it('counts once, and only from the connection that serves', async () => {
    await network.session();
    network.plan.push('open');
    const old = network.socket;
    old.notify('goaway', goaway);
    old.notify('goaway', goaway);
    await settled();
    expect(network.sockets).toHaveLength(2);
  });
});

describe('a silent gateway', () => {
  const limits = { silenceMaxMs: 30_000 };

  it('is pinged, and stays where it answers', async () => {
    const session = await network.session({ limits });
    for (let n = 1; n <= 5; n++) {
      await vi.advanceTimersByTimeAsync(10_000);
      network.socket.pong();
    }
    expect(network.socket.pings).toBeGreaterThan(0);
    expect(session.counters.reconnects).toBe(0);
  });

  it('is given up after silenceMaxMs', async () => {
    const session = await network.session({ limits });
    network.plan.push('open');
    await vi.advanceTimersByTimeAsync(29_999);
    expect(network.sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(network.sockets).toHaveLength(2);
    expect(session.counters.reconnects).toBe(1);
  });

  it('is asked something where there are no pings', async () => {
    network.isBrowser = true;
    await network.session({ limits });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(network.socket.last).toMatchObject({ id: 1, method: 'cancel', params: { id: 0 } });
    network.socket.refuse(1, 'malformed-request');
    await vi.advanceTimersByTimeAsync(19_999);
    expect(network.sockets).toHaveLength(1);
  });
});

describe('changes', () => {
  it('are told in their order', async () => {
    const changes: string[] = [];
    const onChange = ({ kind }: SessionChange) => {
      changes.push(kind);
    };
    const session = await network.session({ onChange });
    network.plan.push('open', 'open');
    network.socket.end(1006);
    await vi.advanceTimersByTimeAsync(1_000);
    network.socket.notify('goaway', {});
    await vi.advanceTimersByTimeAsync(1_000);
    await session.close();
    await settled();
    expect(changes).toEqual([
      'open',
      'lost',
      'waiting',
      'open',
      'moving',
      'waiting',
      'open',
      'ended',
    ]);
  });
});
