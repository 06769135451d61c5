import { describe, expect, it } from 'vitest';
import {
  type BankEvent,
  EventOutbox,
  type EventOutboxOptions,
  type SendOutcome,
} from '../../../src/demo/bank/event-outbox.ts';

function anEvent(id: string): BankEvent {
  return { topic: 'notices', partner: undefined, id, time: '2026-07-01T08:00:00.000Z', data: {} };
}

/** An outbox whose gateway the test plays: every publication waits for its answer. */
function open(options: Partial<EventOutboxOptions> = {}) {
  const sent: string[][] = [];
  const pauses: number[] = [];
  const lost: string[] = [];
  const waiting: ((outcome: SendOutcome) => void)[] = [];
  const outbox = new EventOutbox({
    send: events => {
      const { promise, resolve } = Promise.withResolvers<SendOutcome>();
      sent.push(events.map(({ id }) => id));
      waiting.push(resolve);
      return promise;
    },
    pause: async ms => {
      pauses.push(ms);
    },
    report: ({ id }, reason) => lost.push(`${id} ${reason}`),
    ...options,
  });
  const answer = async (outcome: SendOutcome) => {
    await expect.poll(() => waiting.length).toBe(1);
    waiting.shift()!(outcome);
    await new Promise(setImmediate);
  };
  const add = (...ids: string[]) => ids.map(id => outbox.add(anEvent(id)));
  return { outbox, add, answer, sent, pauses, lost, waiting };
}

describe('the outbox', () => {
  it('sends together what is added together, and the rest after it', async () => {
    const { outbox, add, answer, sent } = open();
    add('a', 'b');
    await expect.poll(() => sent).toEqual([['a', 'b']]);
    add('c', 'd');
    expect(outbox.length).toBe(4);
    await answer('taken');
    expect(sent).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    await answer('taken');
    expect(outbox.length).toBe(0);
    add('e');
    await answer('taken');
    expect(sent.at(-1)).toEqual(['e']);
  });

  it('sends a hundred at a time', async () => {
    const { add, answer, sent } = open();
    add(...Array.from({ length: 150 }, (_, i) => `e-${i}`));
    await answer('taken');
    await answer('taken');
    expect(sent.map(list => list.length)).toEqual([100, 50]);
  });

  it('sends the same again for as long as it takes, with growing pauses', async () => {
    const { outbox, add, answer, sent, pauses } = open();
    add('a');
    for (let i = 0; i < 9; i += 1) await answer('unavailable');
    expect(sent).toEqual(Array(10).fill(['a']));
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    await answer('taken');
    add('b');
    await answer('unavailable');
    expect(pauses.at(-1)).toBe(100);
    expect(outbox.length).toBe(1);
    outbox.close();
    await answer('taken');
  });

  it('drops the one event that spoils a batch, and none beside it', async () => {
    const { outbox, add, answer, sent, lost } = open();
    add('a', 'bad', 'c');
    await answer('refused');
    expect(lost).toEqual([]);
    await answer('taken');
    await answer('refused');
    add('d', 'e');
    await answer('taken');
    await answer('taken');
    expect(sent).toEqual([['a', 'bad', 'c'], ['a'], ['bad'], ['c'], ['d', 'e']]);
    expect([lost, outbox.refused, outbox.length]).toEqual([['bad refused'], 1, 0]);
  });

  it('keeps what it promised when it is full, and counts what it does not take', async () => {
    const { outbox, add, answer, sent, lost } = open({ eventsMax: 3 });
    expect(add('a', 'b', 'c', 'd')).toEqual([true, true, true, false]);
    expect([outbox.dropped, lost]).toEqual([1, ['d full']]);
    await answer('unavailable');
    await answer('taken');
    expect(sent).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(add('e')).toEqual([true]);
    await answer('taken');
  });

  it('sends nothing any more once it is closed', async () => {
    const { outbox, add, answer, sent } = open();
    add('a');
    await expect.poll(() => sent.length).toBe(1);
    outbox.close();
    await answer('unavailable');
    add('b');
    await new Promise(setImmediate);
    expect(sent).toEqual([['a']]);
  });
});
