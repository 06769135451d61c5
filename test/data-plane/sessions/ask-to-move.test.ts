import { describe, expect, it } from 'vitest';
import { askToMove } from '../../../src/data-plane/sessions/ask-to-move.ts';
import type { Session } from '../../../src/data-plane/sessions/session.ts';
import { eventually } from '../../support/eventually.ts';

interface Asked {
  readonly number: number;
  readonly params: { readonly deadlineMs: number; readonly reason: string };
}

function sessionsThatTell(count: number) {
  const asked: Asked[] = [];
  const sessions = Array.from({ length: count }, (_, number) => ({
    notify: (_method: string, params: Asked['params']) => asked.push({ number, params }),
  }));
  return { asked, sessions: sessions as unknown as Session[] };
}

describe('sessions that are asked to move', () => {
  it('are asked at once where there is no time for it', () => {
    const { asked, sessions } = sessionsThatTell(3);
    askToMove(sessions, 5_000, 0);
    const params = { deadlineMs: 5_000, reason: 'draining' };
    expect(asked).toEqual([0, 1, 2].map(number => ({ number, params })));
  });

  it('are asked one after another, each with the time that is left', async () => {
    const { asked, sessions } = sessionsThatTell(50);
    askToMove(sessions, 5_000, 300);
    expect(asked.length).toBeLessThan(10);
    await eventually(() => asked.length).toBe(50);
    expect(asked.map(({ number }) => number)).toEqual(sessions.map((_, number) => number));
    const deadlines = asked.map(({ params }) => params.deadlineMs);
    expect(deadlines).toEqual([...deadlines].sort((a, b) => b - a));
    expect(deadlines.at(-1)).toBeLessThanOrEqual(4_750);
  });

  it('are not asked any more once that is over', async () => {
    const { asked, sessions } = sessionsThatTell(50);
    const stop = askToMove(sessions, 5_000, 200);
    stop();
    const before = asked.length;
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(asked.length).toBe(before);
  });
});
