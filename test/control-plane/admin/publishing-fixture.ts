/** What `POST /v1/events` needs, over a journal in memory. */
import type { PublishOptions } from '../../../src/control-plane/admin/publish-route.ts';
import { defaultConfig } from '../../../src/control-plane/config/index.ts';
import { EventHub } from '../../../src/control-plane/events/event-hub.ts';
import { TopicDirectory } from '../../../src/control-plane/events/topic-directory.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import type { EventRecord } from '../../../src/core/events.ts';
import type { EventJournalError } from '../../../src/stores/contracts.ts';
import { MemoryEventJournal } from '../../../src/stores/memory/event-journal.ts';
import { SettableClock } from '../../stores/settable-clock.ts';

const AUDIENCES = new Map([
  ['transfer-status', 'partner'],
  ['notices', 'everyone'],
]);
const PARTNERS = new Set(['nebula-pay', 'ledgerworks']);

export const DIRECTORY = new TopicDirectory({
  get: (kind, id) => {
    const audience = AUDIENCES.get(id);
    const isThere = kind === 'topic' ? audience !== undefined : PARTNERS.has(id);
    const body = audience === undefined ? {} : { audience };
    const stamp = { version: 1, revision: 1, createdAtMs: 0, updatedAtMs: 0 };
    return isThere ? { kind, id, body, ...stamp } : undefined;
  },
});

export interface Publishing extends PublishOptions {
  readonly journal: MemoryEventJournal;
  readonly broadcasts: (readonly EventRecord[])[];
  readonly failures: EventJournalError[];
}

export function aPublishing(limits: Partial<PublishOptions['limits']> = {}): Publishing {
  const { events } = defaultConfig().config;
  const journal = new MemoryEventJournal({ eventsMax: 1_000, bytesMax: 1_000_000 });
  const counters = new CounterSet();
  const broadcasts: (readonly EventRecord[])[] = [];
  const failures: EventJournalError[] = [];
  const hub = new EventHub({
    journal,
    counters,
    broadcast: appended => broadcasts.push(appended),
  });
  return {
    journal,
    broadcasts,
    failures,
    counters,
    limits: { ...events, ...limits },
    clock: new SettableClock(),
    directory: () => DIRECTORY,
    publish: published => hub.publish(published),
    reportFailure: error => failures.push(error),
  };
}
