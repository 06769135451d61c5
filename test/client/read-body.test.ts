import { describe, expect, it } from 'vitest';
import { readBody } from '../../src/client/read-body.ts';
import { endlessAnswer } from './endless-answer.ts';

const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe('the body of an answer', () => {
  it('is read whole up to its bound', async () => {
    expect(textOf(await readBody(new Response('four'), 4))).toBe('four');
    expect(await readBody(new Response('fives'), 4)).toBeUndefined();
    expect(textOf(await readBody(new Response(null), 0))).toBe('');
  });

  it('is left where it goes on beyond its bound', async () => {
    const { response, state } = endlessAnswer();
    expect(await readBody(response, 100_000)).toBeUndefined();
    expect(state().isCancelled).toBe(true);
    expect(state().bytes).toBeLessThan(200_000);
  });

  it('is left when its time is over, while nothing comes or before', async () => {
    for (const abortsFirst of [false, true]) {
      let isCancelled = false;
      const body = new ReadableStream({
        pull: () => new Promise(() => undefined),
        cancel: () => {
          isCancelled = true;
        },
      });
      const abort = new AbortController();
      if (abortsFirst) abort.abort(new Error('late'));
      const reading = readBody(new Response(body), 10, abort.signal);
      if (!abortsFirst) abort.abort(new Error('late'));
      await expect(reading).rejects.toThrow('late');
      expect(isCancelled).toBe(true);
    }
  });

  it('fails as its connection fails', async () => {
    const body = new ReadableStream({ start: controller => controller.error(new Error('cut')) });
    await expect(readBody(new Response(body), 10)).rejects.toThrow('cut');
  });
});
