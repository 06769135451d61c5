import { describe, expect, it } from 'vitest';
import {
  BUCKET_SLOTS,
  FULL,
  SEEN,
  SlotTable,
  slotCountFor,
} from '../../../src/stores/shared-memory/slot-table.ts';

const NOW = 1_900_000_000;
const SPAN_SECONDS = 2 ** 24;

/** One bucket, seen by as many threads as the test names. */
function oneBucket(threads = 1): SlotTable[] {
  const table = SlotTable.withSlots(BUCKET_SLOTS);
  return Array.from({ length: threads }, () => new SlotTable(table.buffer));
}

const insert = (table: SlotTable, tag: number, expiry = NOW + 60, now = NOW) =>
  table.insert(0, tag, 7, expiry, now);

/** What another thread does between two steps of a table's insert: its private methods by name. */
interface Steps {
  proposeSlot(...parameters: number[]): number;
  exchange(slot: number, nowSeconds: number): boolean;
  holdsElsewhere(...parameters: number[]): boolean;
}

/** Lets a table choose its slot, then another thread act, and aims it at the slot beside. */
function aimBeside(table: SlotTable, meanwhile: () => void): void {
  const steps = table as unknown as Steps;
  const proposeSlot = steps.proposeSlot.bind(table);
  steps.proposeSlot = (...parameters) => {
    const slot = proposeSlot(...parameters);
    meanwhile();
    return slot + 1;
  };
}

describe('SlotTable', () => {
  it('fills a bucket and then has no room until a word expires', () => {
    const [table] = oneBucket();
    for (let tag = 1; tag <= BUCKET_SLOTS; tag++) expect(insert(table!, tag)).toBe(tag - 1);
    expect(insert(table!, 99)).toBe(FULL);
    expect(insert(table!, 3)).toBe(SEEN);
    expect(insert(table!, 99, NOW + 120, NOW + 60)).toBe(0);
  });

  it('keeps tags apart that differ in their low or in their high part', () => {
    const [table] = oneBucket();
    const tags: readonly [number, number][] = [
      [5, 0],
      [5, 255],
      [-5, 0],
      [2 ** 31, 0],
      [0, 0],
    ];
    const claim = () => tags.map(([low, high]) => table!.insert(0, low, high, NOW + 60, NOW));
    expect(claim()).toEqual([0, 1, 2, 3, 4]);
    expect(claim()).toEqual([SEEN, SEEN, SEEN, SEEN, SEEN]);
  });

  it('spreads places over all buckets and stays inside the table', () => {
    const table = SlotTable.withSlots(BUCKET_SLOTS * 5);
    const places = [0, 0.2, 0.4, 0.6, 0.8].map(part => Math.ceil(part * 2 ** 32));
    const slots = [...places, 2 ** 32 - 1].map(place =>
      table.insert(place, place, 1, NOW + 9, NOW),
    );
    expect(slots).toEqual([0, 16, 32, 48, 64, 65]);
  });

  it('reads expiries across the wrap of their 24 bits', () => {
    const wrap = Math.ceil(NOW / SPAN_SECONDS) * SPAN_SECONDS;
    const [table] = oneBucket();
    expect(insert(table!, 1, wrap + 30, wrap - 30)).toBe(0);
    expect(insert(table!, 1, wrap + 40, wrap - 1)).toBe(SEEN);
    expect(insert(table!, 1, wrap + 40, wrap + 29)).toBe(SEEN);
    expect(insert(table!, 1, wrap + 90, wrap + 30)).toBe(0);
    expect(table!.forgottenSeconds).toBe(wrap + 30);
  });

  it('knows a word again after the clock was set back by weeks', () => {
    const [table] = oneBucket();
    insert(table!, 1);
    expect(insert(table!, 1, NOW + 60, NOW - 90 * 86_400)).toBe(SEEN);
  });

  it('takes a word for alive, never for free, when it lay untouched for 97 days', () => {
    const [table] = oneBucket();
    insert(table!, 1);
    const later = NOW + SPAN_SECONDS / 2 + 61;
    expect(insert(table!, 1, later + 60, later)).toBe(SEEN);
    expect(insert(table!, 2, later + 60, later)).toBe(1);
  });

  it('refuses the second of two threads that stored one tag into different slots', () => {
    const [a, b] = oneBucket(2);
    aimBeside(b!, () => expect(insert(a!, 1)).toBe(0));
    expect(insert(b!, 1)).toBe(SEEN);
  });

  it('lets only one of two threads have the same slot', () => {
    const [a, b] = oneBucket(2);
    const steps = b as unknown as Steps;
    const exchange = steps.exchange.bind(b);
    steps.exchange = (slot, now) => {
      steps.exchange = exchange;
      expect(insert(a!, 2)).toBe(slot);
      return exchange(slot, now);
    };
    expect(insert(b!, 1)).toBe(1);
    expect(insert(a!, 1)).toBe(SEEN);
  });

  it('refuses a tag whose first word a thread with a later clock has overwritten meanwhile', () => {
    const [a, b, late] = oneBucket(3);
    aimBeside(b!, () => expect(insert(a!, 1)).toBe(0));
    const steps = b as unknown as Steps;
    const holdsElsewhere = steps.holdsElsewhere.bind(b);
    steps.holdsElsewhere = (...parameters) => {
      expect(insert(late!, 2, NOW + 120, NOW + 60)).toBe(0);
      expect(holdsElsewhere(...parameters)).toBe(false);
      return false;
    };
    expect(insert(b!, 1)).toBe(SEEN);
  });

  it('never takes a word with an all-zero tag for a free slot', () => {
    const [table] = oneBucket();
    expect(table!.insert(0, 0, 0, NOW + 60, NOW)).toBe(0);
    expect(insert(table!, 5)).toBe(1);
    expect(table!.insert(0, 0, 0, NOW + 60, NOW)).toBe(SEEN);
  });

  it('has four slots per nonce, in whole buckets', () => {
    expect(slotCountFor(1024)).toBe(4096);
    expect(slotCountFor(1025)).toBe(4112);
    expect(slotCountFor(67_108_864)).toBe(268_435_456);
  });

  it('only raises its marks', () => {
    const [table] = oneBucket();
    table!.raiseForgottenSeconds(NOW);
    table!.raiseForgottenSeconds(NOW - 1);
    expect(table!.forgottenSeconds).toBe(NOW);
    table!.raiseAcceptCreatedAfterSeconds(4_200_000_000);
    expect(table!.acceptCreatedAfterSeconds).toBe(4_200_000_000);
  });
});
