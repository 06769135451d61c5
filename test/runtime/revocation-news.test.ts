import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RevocationNews } from '../../src/runtime/revocation-news.ts';

const TOKENS = [{ tokenId: 'one', expiresAtMs: 1 }];

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

function aWorker() {
  const messages: { kind: string; tell: number }[] = [];
  const worker = { postMessage: (message: never) => messages.push(message) } as unknown as Worker;
  return { worker, messages };
}

/** Whether it has resolved by now. */
async function isOver(promise: Promise<void>): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('news of revoked tokens', () => {
  it('are over when each front has heard them, each its own', async () => {
    const news = new RevocationNews();
    const [a, b] = [aWorker(), aWorker()];
    const first = news.tell([a.worker, b.worker], TOKENS);
    const second = news.tell([a.worker], TOKENS);
    expect(a.messages.map(({ kind, tell }) => [kind, tell])).toEqual([
      ['revoked', 1],
      ['revoked', 2],
    ]);
    news.heard(a.worker, 1);
    expect([await isOver(first), await isOver(second)]).toEqual([false, false]);
    news.heard(a.worker, 2);
    news.heard(b.worker, 1);
    expect([await isOver(first), await isOver(second)]).toEqual([true, true]);
  });

  it('wait for no front that has ended, and not for ever for one that hangs', async () => {
    const news = new RevocationNews();
    const [a, b] = [aWorker(), aWorker()];
    const ended = news.tell([a.worker], TOKENS);
    news.forget(a.worker);
    expect(await isOver(ended)).toBe(true);
    const hanging = news.tell([b.worker], TOKENS);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(await isOver(hanging)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await isOver(hanging)).toBe(true);
    news.heard(b.worker, 2);
  });

  it('are none where nothing was revoked', async () => {
    const { worker, messages } = aWorker();
    await new RevocationNews().tell([worker], []);
    expect(messages).toEqual([]);
  });
});
