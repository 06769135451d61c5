import { beforeEach, describe, expect, it } from 'vitest';
import {
  ReplayDesk,
  type ReplayDeskOptions,
} from '../../../src/control-plane/events/replay-desk.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { ReplayPage, ReplayRequest } from '../../../src/core/events.ts';
import { EventJournalError } from '../../../src/stores/contracts.ts';
import { MemoryEventJournal } from '../../../src/stores/memory/event-journal.ts';
import { someEvents } from '../../stores/event-journal-events.ts';

let journal: MemoryEventJournal;
let counters: CounterSet;
let deferred: (() => void)[];
let failures: EventJournalError[];

beforeEach(() => {
  journal = new MemoryEventJournal({ eventsMax: 10_000, bytesMax: 100_000_000 });
  counters = new CounterSet();
  deferred = [];
  failures = [];
});

function open(options: Partial<ReplayDeskOptions> = {}): ReplayDesk {
  return new ReplayDesk({
    journal,
    counters,
    reportFailure: error => failures.push(error),
    defer: run => deferred.push(run),
    ...options,
  });
}

/** Lets turns of the loop pass until nothing is deferred; how many there were. */
function runTurns(): number {
  let turns = 0;
  for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) {
    next();
    turns += 1;
  }
  return turns;
}

function request(after: number): ReplayRequest {
  return { topic: 'transfer-status', partnerId: 'nebula-pay', after };
}

function outline(page: ReplayPage): string {
  return page.kind === 'expired' ? 'expired' : `${page.events.length} up to ${page.upTo}`;
}

describe('requests', () => {
  it('are answered in a later turn, in their order', () => {
    journal.append(someEvents(3));
    const desk = open();
    const answers: string[] = [];
    for (const after of [2, 0, 9]) desk.ask(request(after), page => answers.push(outline(page)));
    expect(answers).toEqual([]);
    runTurns();
    expect(answers).toEqual(['1 up to 3', '3 up to 3', 'expired']);
    expect(counters.get('event_replays')).toBe(3);
    expect(counters.get('event_replays_expired')).toBe(1);
    expect(counters.get('events_replayed')).toBe(4);
  });

  it('are answered a slice at a time, so that others have their turn', () => {
    journal.append(someEvents(200));
    const desk = open();
    let answered = 0;
    for (let i = 0; i < 5_000; i += 1) desk.ask(request(0), () => (answered += 1));
    deferred.shift()!();
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(5_000);
    expect(counters.get('event_replays_queued')).toBe(5_000 - answered);
    expect(runTurns()).toBeGreaterThan(1);
    expect([answered, counters.get('event_replays_queued')]).toEqual([5_000, 0]);
  });

  it('may come while others are answered', () => {
    const desk = open();
    const answers: number[] = [];
    const ask = (number: number) =>
      desk.ask(request(0), () => {
        answers.push(number);
        if (number < 4) ask(number + 2);
      });
    ask(1);
    ask(2);
    runTurns();
    expect(answers).toEqual([1, 2, 3, 4, 5]);
  });

  it('are answered in pages of at most 256 events', () => {
    journal.append(someEvents(600));
    const desk = open();
    const answers: string[] = [];
    const ask = (after: number) =>
      desk.ask(request(after), page => {
        answers.push(outline(page));
        if (page.kind === 'events' && !page.isComplete) ask(page.upTo);
      });
    ask(0);
    runTurns();
    expect(answers).toEqual(['256 up to 256', '256 up to 512', '88 up to 600']);
  });

  it('beyond the limit are put off: their page is empty and not complete', () => {
    journal.append(someEvents(3));
    const desk = open({ queueMax: 2 });
    const answers: ReplayPage[] = [];
    for (let i = 0; i < 3; i += 1) desk.ask(request(1), page => answers.push(page));
    expect(answers).toEqual([{ kind: 'events', events: [], upTo: 1, isComplete: false }]);
    expect(counters.get('event_replays_deferred')).toBe(1);
    runTurns();
    desk.ask(request(1), page => answers.push(page));
    runTurns();
    expect(answers.map(outline)).toEqual(['0 up to 1', '2 up to 3', '2 up to 3', '2 up to 3']);
  });

  it('of which nobody waits for an answer are forgotten', () => {
    const desk = open();
    let answered = 0;
    desk.ask(request(0), () => (answered += 1));
    desk.close();
    runTurns();
    expect(answered).toBe(0);
  });
});

describe('a journal that cannot be read', () => {
  it('has expired for the session, and the reason is reported', () => {
    const error = new EventJournalError('failed', 'damaged');
    const desk = open();
    journal.read = () => {
      throw error;
    };
    const answers: string[] = [];
    desk.ask(request(0), page => answers.push(outline(page)));
    runTurns();
    expect([answers, failures]).toEqual([['expired'], [error]]);
    expect(counters.get('event_replays_failed')).toBe(1);
  });
});
