import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HeadPoll } from '../../../src/stores/postgres/head-poll.ts';
import type { RegistryHead } from '../../../src/stores/registry-contract.ts';

const at = (revision: number, hash = `h${revision}`): RegistryHead => {
  return { revision, auditHead: { sequence: revision, hash } };
};

function polling() {
  const asked = {
    answer: async () => at(0),
    told: 0,
    answers: 0,
    failures: [] as unknown[],
  };
  const poll = new HeadPoll({
    intervalMs: 1_000,
    ask: () => asked.answer(),
    onAnswer: () => {
      asked.answers += 1;
    },
    onFailure: error => asked.failures.push(error),
  });
  poll.listen(() => {
    asked.told += 1;
  });
  const answer = async (head: RegistryHead) => {
    asked.answer = async () => head;
    await vi.advanceTimersByTimeAsync(1_000);
    return asked.told;
  };
  return { poll, asked, answer };
}

/** Timers of node:timers/promises are not the fake ones of the globals. */
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number, value: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    new Promise((resolve, reject) => {
      setTimeout(resolve, ms, value);
      signal?.addEventListener('abort', () => reject(signal.reason));
    }),
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('asking where the registry is', () => {
  it('tells of what the process does not know, once', async () => {
    const { poll, answer } = polling();
    poll.note(at(1));
    expect(await answer(at(1))).toBe(0);
    expect(await answer(at(2))).toBe(1);
    expect(await answer(at(2))).toBe(1);
    poll.note(at(3));
    expect(await answer(at(3))).toBe(1);
    await poll.close();
  });

  it('tells of a registry that was set back, and of another one at its revision', async () => {
    const { poll, answer } = polling();
    poll.note(at(3));
    expect(await answer(at(2))).toBe(1);
    poll.note(at(2));
    expect(await answer(at(2, 'another'))).toBe(2);
    await poll.close();
  });

  it('knows better than an answer that was on its way meanwhile', async () => {
    const { poll, asked } = polling();
    poll.note(at(1));
    const late = Promise.withResolvers<RegistryHead>();
    asked.answer = () => late.promise;
    await vi.advanceTimersByTimeAsync(1_000);
    poll.note(at(2));
    late.resolve(at(1));
    await vi.advanceTimersByTimeAsync(0);
    expect([asked.answers, asked.told]).toEqual([1, 0]);
    await poll.close();
  });

  it('goes on where there is no answer', async () => {
    const { poll, asked, answer } = polling();
    poll.note(at(1));
    asked.answer = () => Promise.reject(new Error('gone'));
    await vi.advanceTimersByTimeAsync(2_000);
    expect([asked.failures.length, asked.told]).toEqual([2, 0]);
    expect(await answer(at(2))).toBe(1);
    await poll.close();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.answers).toBe(1);
  });
});
