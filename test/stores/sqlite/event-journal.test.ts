import { describeEventJournal } from '../event-journal-contract.ts';
import { openJournal } from './temporary-journal.ts';

describeEventJournal('sqlite', options => openJournal(options));
