/** What every driver of EventJournal promises, as tests. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PublishedEvent, ReplayPage } from '../../src/core/events.ts';
import {
  type AppendedEvent,
  EventIdTakenError,
  type EventJournal,
  EventJournalError,
  eventBytes,
  type JournalLimits,
} from '../../src/stores/contracts.ts';
import { anEvent, someEvents } from './event-journal-events.ts';

export interface OpenJournalOptions extends JournalLimits {
  readonly lapsedMax?: number;
}

/** Opens a journal that holds nothing yet. */
export type OpenJournal = (options: OpenJournalOptions) => EventJournal;

const WIDE = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };
const PAGE = { eventsMax: 256, bytesMax: 1_048_576 };
const ID = /^[0-9a-f]{8}$/;

function sequencesOf(page: ReplayPage): number[] | 'expired' {
  return page.kind === 'expired' ? 'expired' : page.events.map(({ sequence }) => sequence);
}

export function describeEventJournal(driver: string, open: OpenJournal): void {
  describe(`event journal: ${driver}`, () => {
    let journal: EventJournal;
    const ask = (after: number, topic = 'transfer-status', partnerId?: string | null) => ({
      topic,
      partnerId: partnerId === null ? undefined : (partnerId ?? 'nebula-pay'),
      after,
    });
    const reopen = (options: Partial<OpenJournalOptions>) => {
      journal.close();
      journal = open({ ...WIDE, ...options });
    };

    beforeEach(() => {
      journal = open(WIDE);
    });
    afterEach(() => journal.close());

    it('is empty at first, with an id and a head of 0', () => {
      expect(journal.journalId).toMatch(ID);
      expect([journal.head, journal.eventCount, journal.byteCount]).toEqual([0, 0, 0]);
      const nothing = { kind: 'events', events: [], upTo: 0, isComplete: true };
      expect(journal.read(ask(0), PAGE)).toEqual(nothing);
    });

    it('gives sequences that grow by one from 1, over all topics', () => {
      const first = [anEvent('a'), anEvent('b', { topic: 'notices', partnerId: undefined })];
      expect(journal.append(first)).toEqual([
        { sequence: 1, duplicate: false },
        { sequence: 2, duplicate: false },
      ]);
      expect(journal.append([anEvent('c')])).toEqual([{ sequence: 3, duplicate: false }]);
      expect([journal.head, journal.eventCount]).toEqual([3, 3]);
    });

    it('gives back what was appended, to the character', () => {
      const data = '{ "n": 12345678901234567890.10,\n\t"s": "星云 \\u0000 \u2028 😀" }';
      const event = anEvent('a', { data, time: '2026-11-26T01:00:00.123456Z' });
      journal.append([event]);
      expect(journal.read(ask(0), PAGE)).toEqual({
        kind: 'events',
        events: [{ ...event, sequence: 1 }],
        upTo: 1,
        isComplete: true,
      });
    });

    it('knows a topic and id again, and names the first sequence', () => {
      journal.append([anEvent('a'), anEvent('b')]);
      const again = anEvent('a', { data: 'null', time: '2026-11-27T01:00:00.000Z' });
      expect(journal.append([again, anEvent('c')])).toEqual([
        { sequence: 1, duplicate: true },
        { sequence: 3, duplicate: false },
      ]);
      expect(journal.append([anEvent('a', { topic: 'notices' })])[0]!.duplicate).toBe(false);
      expect(sequencesOf(journal.read(ask(0), PAGE))).toEqual([1, 2, 3]);
    });

    it('refuses a list with an id that is another partner’s, and appends none of it', () => {
      const ofLedger = { partnerId: 'ledgerworks' };
      const everyone = { partnerId: undefined };
      journal.append([anEvent('a'), anEvent('n', { topic: 'notices', ...everyone })]);
      const [bytes, untouched] = [journal.byteCount, [1]];
      const lists: [index: number, list: PublishedEvent[]][] = [
        [0, [anEvent('a', ofLedger)]],
        [0, [anEvent('a', everyone), anEvent('b')]],
        [2, [anEvent('b'), anEvent('a'), anEvent('a', ofLedger), anEvent('c')]],
        [1, [anEvent('b'), anEvent('n', { topic: 'notices' }), anEvent('a', ofLedger)]],
        [1, [anEvent('b'), anEvent('b', ofLedger)]],
      ];
      for (const [index, list] of lists) {
        const append = () => journal.append(list);
        expect(append).toThrow(EventIdTakenError);
        expect(append).toThrow(expect.objectContaining({ index }));
        expect([journal.head, journal.eventCount, journal.byteCount]).toEqual([2, 2, bytes]);
        expect(sequencesOf(journal.read(ask(0), PAGE))).toEqual(untouched);
        expect(sequencesOf(journal.read(ask(0, undefined, 'ledgerworks'), PAGE))).toEqual([]);
      }
      expect(journal.append([anEvent('b'), anEvent('a', { topic: 'x', ...ofLedger })])).toEqual([
        { sequence: 3, duplicate: false },
        { sequence: 4, duplicate: false },
      ]);
    });

    it('takes an id for another partner once it has let the first event go', () => {
      reopen({ eventsMax: 100 });
      journal.append(someEvents(150));
      const ofLedger = anEvent('e-1', { partnerId: 'ledgerworks' });
      expect(journal.append([ofLedger])).toEqual([{ sequence: 151, duplicate: false }]);
    });

    it('knows an id again within one list', () => {
      expect(journal.append([anEvent('a'), anEvent('a'), anEvent('b')])).toEqual([
        { sequence: 1, duplicate: false },
        { sequence: 1, duplicate: true },
        { sequence: 2, duplicate: false },
      ]);
      expect(journal.eventCount).toBe(2);
    });

    it('appends nothing where everything is there, and nothing at all', () => {
      journal.append([anEvent('a')]);
      expect(journal.append([])).toEqual([]);
      expect(journal.append([anEvent('a')])).toEqual([{ sequence: 1, duplicate: true }]);
      expect([journal.head, journal.eventCount]).toEqual([1, 1]);
    });

    it('reads what one partner missed of one topic', () => {
      const everyone = { topic: 'notices', partnerId: undefined };
      journal.append([
        anEvent('a'),
        anEvent('b', { partnerId: 'ledgerworks' }),
        anEvent('c', { topic: 'account-transactions' }),
        anEvent('d', everyone),
        anEvent('e'),
      ]);
      expect(sequencesOf(journal.read(ask(0), PAGE))).toEqual([1, 5]);
      expect(sequencesOf(journal.read(ask(1), PAGE))).toEqual([5]);
      expect(sequencesOf(journal.read(ask(0, 'transfer-status', 'ledgerworks'), PAGE))).toEqual([
        2,
      ]);
      expect(sequencesOf(journal.read(ask(0, 'notices', null), PAGE))).toEqual([4]);
      // Neither does one partner's event reach everyone, nor everyone's a partner by name.
      expect(sequencesOf(journal.read(ask(0, 'transfer-status', null), PAGE))).toEqual([]);
      expect(sequencesOf(journal.read(ask(0, 'notices', 'nebula-pay'), PAGE))).toEqual([]);
    });

    it('reads in pages that join without a gap', () => {
      journal.append(someEvents(10));
      journal.append([anEvent('other', { partnerId: 'ledgerworks' })]);
      const read: number[] = [];
      let after = 0;
      for (let pages = 1; ; pages += 1) {
        const page = journal.read(ask(after), { eventsMax: 4, bytesMax: PAGE.bytesMax });
        if (page.kind === 'expired') throw new Error('expired');
        read.push(...page.events.map(({ sequence }) => sequence));
        after = page.upTo;
        if (!page.isComplete) continue;
        expect(pages).toBe(3);
        break;
      }
      expect(read).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(after).toBe(11);
    });

    it('is complete where a page ends with the last event', () => {
      journal.append(someEvents(4));
      const page = journal.read(ask(0), { eventsMax: 4, bytesMax: PAGE.bytesMax });
      expect(page).toMatchObject({ upTo: 4, isComplete: true });
    });

    it('bounds a page by bytes, with one event at least', () => {
      const events = someEvents(3, 1, { data: `"${'x'.repeat(1_000)}"` });
      journal.append(events);
      const bytesMax = eventBytes(events[0]!) * 2;
      const page = (limit: number) => journal.read(ask(0), { eventsMax: 9, bytesMax: limit });
      expect(page(bytesMax)).toMatchObject({ upTo: 2, isComplete: false });
      expect(page(bytesMax - 1)).toMatchObject({ upTo: 1, isComplete: false });
      expect(page(1)).toMatchObject({ upTo: 1, isComplete: false });
    });

    it('has expired for a position beyond the head', () => {
      journal.append(someEvents(3));
      expect(sequencesOf(journal.read(ask(3), PAGE))).toEqual([]);
      expect(journal.read(ask(4), PAGE)).toEqual({ kind: 'expired' });
    });

    it('lets the oldest events go, in steps and never the newest', () => {
      reopen({ eventsMax: 128 });
      for (let i = 1; i <= 1_000; i += 1) {
        journal.append([anEvent(`e-${i}`)]);
        expect(journal.eventCount).toBeLessThanOrEqual(128);
        expect(journal.eventCount).toBeGreaterThanOrEqual(Math.min(i, 126));
      }
      expect(journal.head).toBe(1_000);
      expect(journal.forgottenCount).toBe(1_000 - journal.eventCount);
      const firstKept = 1_001 - journal.eventCount;
      expect(sequencesOf(journal.read(ask(firstKept - 1), PAGE))).toHaveLength(journal.eventCount);
    });

    it('lets events go by bytes as well, and counts what it holds', () => {
      const events = someEvents(41, 1, { data: `"${'x'.repeat(1_000)}"` });
      const each = eventBytes(events[20]!);
      reopen({ bytesMax: each * 10 });
      for (const event of events) {
        journal.append([event]);
        expect(journal.byteCount).toBeLessThanOrEqual(each * 10);
      }
      expect(journal.eventCount).toBe(9);
      expect(journal.byteCount).toBe(each * 9);
      journal.append([anEvent('large', { data: `"${'x'.repeat(each * 11)}"` })]);
      expect([journal.eventCount, journal.head]).toEqual([1, 42]);
    });

    it('takes a list that is longer than it may become', () => {
      reopen({ eventsMax: 100 });
      const appended = journal.append(someEvents(250));
      expect(appended.at(-1)).toEqual({ sequence: 250, duplicate: false });
      expect(journal.eventCount).toBeLessThanOrEqual(100);
      expect(journal.append([anEvent('e-250')])[0]).toEqual({ sequence: 250, duplicate: true });
    });

    it('appends an id anew once it has let the first one go', () => {
      reopen({ eventsMax: 100 });
      journal.append(someEvents(150));
      expect(journal.append([anEvent('e-1')])).toEqual([{ sequence: 151, duplicate: false }]);
    });

    it('has expired where it let something go that was behind the position', () => {
      reopen({ eventsMax: 128 });
      journal.append(someEvents(1_000));
      const firstKept = journal.head - journal.eventCount + 1;
      expect(journal.read(ask(0), PAGE).kind).toBe('expired');
      expect(journal.read(ask(firstKept - 2), PAGE).kind).toBe('expired');
      expect(journal.read(ask(firstKept - 1), PAGE).kind).toBe('events');
    });

    it('has not expired for a quiet partner of which nothing was let go', () => {
      reopen({ eventsMax: 128 });
      journal.append([anEvent('quiet', { partnerId: 'ledgerworks' }), ...someEvents(1_000)]);
      journal.append([anEvent('late', { partnerId: 'ledgerworks' })]);
      const quiet = (after: number) => ask(after, 'transfer-status', 'ledgerworks');
      expect(journal.read(quiet(0), PAGE).kind).toBe('expired');
      expect(sequencesOf(journal.read(quiet(1), PAGE))).toEqual([1_002]);
      expect(sequencesOf(journal.read(ask(0, 'notices', null), PAGE))).toEqual([]);
    });

    it('remembers what lapsed of so many partners, and is careful beyond', () => {
      reopen({ eventsMax: 128, lapsedMax: 10 });
      const partners = Array.from({ length: 20 }, (_, i) => `partner-${i}`);
      journal.append(partners.map(partnerId => anEvent(partnerId, { partnerId })));
      for (let i = 1; i <= 20; i += 1) journal.append(someEvents(100, i * 1_000));
      const kinds = partners.map((partner, i) => {
        return journal.read(ask(i + 1, 'transfer-status', partner), PAGE).kind;
      });
      // Nothing was missed by anyone; who lapsed first is told that something may have been.
      expect(kinds.slice(0, 10)).toEqual(Array(10).fill('expired'));
      expect(kinds.at(-1)).toBe('events');
      expect(journal.read(ask(0, 'notices', null), PAGE).kind).toBe('expired');
    });

    it('loses nothing and makes up nothing, whatever is appended', () => {
      const event = fc.record({
        topic: fc.constantFrom('a', 'b'),
        partnerId: fc.constantFrom('p', 'q', undefined),
        id: fc.integer({ min: 1, max: 40 }).map(String),
      });
      const lists = fc.array(fc.array(event, { maxLength: 12 }), { maxLength: 12 });
      fc.assert(
        fc.property(lists, fc.nat(150), (batches, after) => {
          reopen({});
          let expected: { topic: string; partnerId: string | undefined; id: string }[] = [];
          for (const batch of batches) {
            const list = batch.map(({ id, ...more }) => anEvent(id, more));
            const grown = [...expected];
            const outcomes: AppendedEvent[] = [];
            const taken = batch.findIndex(({ topic, partnerId, id }) => {
              const before = grown.findIndex(one => one.topic === topic && one.id === id);
              if (before < 0) grown.push({ topic, partnerId, id });
              const sequence = before < 0 ? grown.length : before + 1;
              outcomes.push({ sequence, duplicate: before >= 0 });
              return before >= 0 && grown[before]!.partnerId !== partnerId;
            });
            if (taken < 0) {
              expect(journal.append(list)).toEqual(outcomes);
              expected = grown;
            } else {
              const index = expect.objectContaining({ index: taken });
              expect(() => journal.append(list)).toThrow(index);
            }
          }
          const missed = expected.flatMap(({ topic, partnerId }, i) => {
            return topic === 'a' && partnerId === 'p' && i + 1 > after ? [i + 1] : [];
          });
          const found = sequencesOf(journal.read(ask(after, 'a', 'p'), PAGE));
          expect(found).toEqual(after > expected.length ? 'expired' : missed);
        }),
        { numRuns: 60 },
      );
    });

    it('says that it is closed', () => {
      journal.close();
      journal.close();
      for (const use of [() => journal.append([]), () => journal.read(ask(0), PAGE)]) {
        expect(use).toThrow(EventJournalError);
        expect(use).toThrow(expect.objectContaining({ code: 'closed' }));
      }
    });
  });
}
