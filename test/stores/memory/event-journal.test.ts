import { MemoryEventJournal } from '../../../src/stores/memory/event-journal.ts';
import { describeEventJournal } from '../event-journal-contract.ts';

describeEventJournal('memory', options => new MemoryEventJournal(options));
