import { beforeEach, describe, expect, it } from 'vitest';
import { EventHub } from '../../../src/control-plane/events/event-hub.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { EventRecord, PublishedEvent } from '../../../src/core/events.ts';
import { EventIdTakenError, EventJournalError } from '../../../src/stores/contracts.ts';
import { MemoryEventJournal } from '../../../src/stores/memory/event-journal.ts';
import { anEvent, someEvents } from '../../stores/event-journal-events.ts';

/** Remembers each list that it is given, and refuses them when it is told to. */
class WatchedJournal extends MemoryEventJournal {
  readonly lists: number[] = [];
  failWith: Error | undefined;
  private failsFrom = 0;

  /** From the so-many-th list on. */
  failFrom(list: number, error: Error): void {
    this.failsFrom = list;
    this.failWith = error;
  }

  override append(events: readonly PublishedEvent[]) {
    this.lists.push(events.length);
    if (this.failWith !== undefined && this.lists.length >= this.failsFrom) throw this.failWith;
    return super.append(events);
  }
}

let journal: WatchedJournal;
let counters: CounterSet;
let hub: EventHub;
let broadcasts: EventRecord[][];
let deferred: (() => void)[];

beforeEach(() => {
  journal = new WatchedJournal({ eventsMax: 10_000, bytesMax: 100_000_000 });
  counters = new CounterSet();
  broadcasts = [];
  deferred = [];
  hub = new EventHub({
    journal,
    counters,
    broadcast: events => broadcasts.push([...events]),
    defer: run => deferred.push(run),
  });
});

/** The turn of the loop ends. */
function endTurn(): void {
  for (const run of deferred.splice(0)) run();
}

describe('publications of one turn', () => {
  it('are one transaction and one broadcast, and each hears of its own', async () => {
    const one = hub.publish([anEvent('a')]);
    const two = hub.publish([anEvent('b'), anEvent('a'), anEvent('c')]);
    expect(journal.lists).toEqual([]);
    endTurn();
    const cursor = (sequence: number) => `${journal.journalId}.${sequence}`;
    expect(await one).toEqual([{ id: 'a', cursor: cursor(1), duplicate: false }]);
    expect(await two).toEqual([
      { id: 'b', cursor: cursor(2), duplicate: false },
      { id: 'a', cursor: cursor(1), duplicate: true },
      { id: 'c', cursor: cursor(3), duplicate: false },
    ]);
    expect(journal.lists).toEqual([4]);
    expect(broadcasts.map(list => list.map(({ id, sequence }) => [id, sequence]))).toEqual([
      [
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ],
    ]);
    expect(counters.get('event_commits')).toBe(1);
  });

  it('beyond a transaction’s size are left for the next turns, in order', async () => {
    const waiting = [0, 1, 2, 3].map(n => hub.publish(someEvents(400, n * 400)));
    endTurn();
    expect(journal.lists).toEqual([800]);
    endTurn();
    expect(journal.lists).toEqual([800, 800]);
    expect(deferred).toEqual([]);
    await Promise.all(waiting);
    const large = { data: `"${'x'.repeat(3_000_000)}"` };
    const heavy = ['x', 'y'].map(id => hub.publish([anEvent(id, large)]));
    endTurn();
    endTurn();
    await Promise.all(heavy);
    expect(journal.lists).toEqual([800, 800, 1, 1]);
  });

  it('that are larger than a transaction are one all the same', async () => {
    const large = hub.publish(someEvents(3_000));
    endTurn();
    expect(await large).toHaveLength(3_000);
    expect(journal.lists).toEqual([3_000]);
  });

  it('broadcast nothing where everything was there', async () => {
    const first = hub.publish([anEvent('a')]);
    endTurn();
    await first;
    const again = hub.publish([anEvent('a')]);
    endTurn();
    await again;
    expect(broadcasts).toHaveLength(1);
    expect(counters.get('events_duplicate')).toBe(1);
  });
});

describe('a publication with an id that is another partner’s', () => {
  const ofLedger = (id: string) => anEvent(id, { partnerId: 'ledgerworks' });
  const endTurns = () => {
    while (deferred.length > 0) endTurn();
  };

  it('is refused with the place of its event, and those of the same turn are not', async () => {
    const before = hub.publish([anEvent('a')]);
    const wrong = hub.publish([anEvent('w'), ofLedger('a')]);
    const wrongAgain = hub.publish([ofLedger('a')]);
    const after = hub.publish([anEvent('b'), anEvent('w', { partnerId: 'ledgerworks' })]);
    endTurns();
    await expect(wrong).rejects.toThrow(EventIdTakenError);
    await expect(wrong).rejects.toMatchObject({ index: 1 });
    await expect(wrongAgain).rejects.toMatchObject({ index: 0 });
    const cursor = (sequence: number) => `${journal.journalId}.${sequence}`;
    expect(await before).toEqual([{ id: 'a', cursor: cursor(1), duplicate: false }]);
    expect((await after).map(receipt => receipt.cursor)).toEqual([cursor(2), cursor(3)]);
    expect(broadcasts.flat().map(({ id, partnerId }) => [id, partnerId])).toEqual([
      ['a', 'nebula-pay'],
      ['b', 'nebula-pay'],
      ['w', 'ledgerworks'],
    ]);
    expect(counters.get('events_publish_failed')).toBe(0);
    expect(counters.get('events_published')).toBe(3);
  });

  it('is refused where its own events are two partners’', async () => {
    const wrong = hub.publish([anEvent('a'), ofLedger('a')]);
    endTurns();
    await expect(wrong).rejects.toMatchObject({ index: 1 });
    expect([journal.head, broadcasts]).toEqual([0, []]);
  });

  it('is not refused for an event that the disk did not take', async () => {
    const before = hub.publish([anEvent('a')]);
    const wrong = hub.publish([ofLedger('a')]);
    const error = new EventJournalError('full', 'no room');
    journal.failFrom(2, error);
    endTurn();
    await expect(before).rejects.toBe(error);
    journal.failWith = undefined;
    endTurns();
    expect(await wrong).toMatchObject([{ id: 'a', duplicate: false }]);
  });

  it('costs the others of its turn no more than a turn of their own', async () => {
    const turns: Promise<unknown>[] = [hub.publish([anEvent('a')])];
    for (let i = 0; i < 300; i += 1) {
      turns.push(hub.publish([anEvent(`right-${i}`)]), hub.publish([ofLedger('a')]));
    }
    endTurns();
    const settled = await Promise.allSettled(turns);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(300);
    expect(journal.head).toBe(301);
    expect(counters.get('event_commits')).toBeLessThanOrEqual(301);
  });

  it('is answered before the journal closes', async () => {
    const all = [[anEvent('a')], [ofLedger('a')], [anEvent('b')]].map(list => hub.publish(list));
    hub.close();
    const settled = await Promise.allSettled(all);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});

describe('a journal that fails', () => {
  it('fails every publication of the turn, and no later one', async () => {
    const error = new EventJournalError('full', 'no room');
    journal.failWith = error;
    const failed = [hub.publish([anEvent('a')]), hub.publish([anEvent('b'), anEvent('c')])];
    endTurn();
    for (const one of failed) await expect(one).rejects.toBe(error);
    expect([broadcasts, counters.get('events_publish_failed')]).toEqual([[], 3]);
    journal.failWith = undefined;
    const later = hub.publish([anEvent('a')]);
    endTurn();
    expect((await later)[0]).toMatchObject({ duplicate: false });
  });
});

describe('closing', () => {
  it('commits what waits and refuses what comes', async () => {
    const waiting = [0, 1, 2].map(n => hub.publish(someEvents(600, n * 600)));
    hub.close();
    expect((await Promise.all(waiting)).flat()).toHaveLength(1_800);
    endTurn();
    const late = hub.publish([anEvent('late')]);
    endTurn();
    await expect(late).rejects.toMatchObject({ code: 'closed' });
  });
});

it('the counters show what the journal holds and what it let go', async () => {
  const small = new MemoryEventJournal({ eventsMax: 100, bytesMax: 1_000_000 });
  small.append(someEvents(150, 1_000));
  const held = small.eventCount;
  const over = new EventHub({ journal: small, counters, broadcast: () => undefined });
  expect(counters.get('event_journal_events')).toBe(held);
  expect(counters.get('event_journal_bytes')).toBe(small.byteCount);
  await over.publish(someEvents(100));
  expect(counters.get('event_journal_events')).toBe(small.eventCount);
  expect(counters.get('events_forgotten')).toBe(held + 100 - small.eventCount);
});
