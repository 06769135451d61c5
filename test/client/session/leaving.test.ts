import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError, type SessionChange, SessionError } from '../../../src/client/index.ts';
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
