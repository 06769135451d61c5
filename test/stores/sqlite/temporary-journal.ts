/** Journal files of a test, removed with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openEventJournal, type SqliteJournalOptions } from '../../../src/stores/sqlite/index.ts';

export const WIDE = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };

/** Where a journal may be made. */
export function temporaryPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-events-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'state', 'events.sqlite');
}

export function openJournal(options: Partial<SqliteJournalOptions> = {}) {
  const journal = openEventJournal({ path: temporaryPath(), ...WIDE, ...options });
  onTestFinished(() => journal.close());
  return journal;
}
