import { afterEach, describe, expect, it, vi } from 'vitest';
import { within } from '../../../bench/rig/within.ts';

afterEach(() => vi.useRealTimers());

describe('a wait with a limit', () => {
  it('names what did not come', async () => {
    vi.useFakeTimers();
    const waiting = within(1_500, 'an answer', new Promise(() => undefined));
    const ended = expect(waiting).rejects.toThrow('an answer took longer than 1.5 s');
    await vi.advanceTimersByTimeAsync(1_500);
    await ended;
  });

  it('hands on what came, and leaves no timer behind', async () => {
    vi.useFakeTimers();
    expect(await within(1_500, 'an answer', Promise.resolve(7))).toBe(7);
    await expect(within(1_500, 'it', Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });
});
