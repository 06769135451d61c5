import { describe, expect, it, vi } from 'vitest';
import { PublishedKeys } from '../../../src/client/answers/published-keys.ts';
import { endlessAnswer } from '../endless-answer.ts';

const clock = { wallMs: () => 0, monotonicMs: () => 0 };
const keysOf = (response: Response) =>
  new PublishedKeys({ baseUrl: 'https://api.bank.example', fetch: async () => response, clock });

describe('keys that are published', () => {
  it('without an end are not waited for', async () => {
    const { response, state } = endlessAnswer();
    const reading = keysOf(response).get('bank-1');
    await expect(reading).rejects.toMatchObject({ code: 'answer-keys-unavailable' });
    expect(state().isCancelled).toBe(true);
    expect(state().bytes).toBeLessThan(131_072);
  });

  it('that do not come are not waited for', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort('late'));
    const stalled = new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));
    await expect(keysOf(stalled).get('bank-1')).rejects.toMatchObject({
      ...{ code: 'answer-keys-unavailable', cause: 'late' },
    });
    expect(timeout).toHaveBeenCalledExactlyOnceWith(10_000);
    timeout.mockRestore();
  });
});
