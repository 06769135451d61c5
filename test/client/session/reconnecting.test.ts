import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError, type SessionChange, SessionError } from '../../../src/client/index.ts';
import { PROBLEM_NAMES, PROBLEMS } from '../../../src/core/problems.ts';
import { FakeNetwork } from './fake-network.ts';

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
