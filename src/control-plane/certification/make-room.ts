/** What becomes of an app's runs where another one is opened. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ProposedChange, ShownRecord } from '../registry/desk-contract.ts';
import { endedLater, runOf } from './find-runs.ts';
import { replaced } from './report.ts';

/** Kept of an app; the oldest go, but never the last that it passed. */
export const RUNS_PER_APP_MAX = 50;

/** Ends what is open of the app's runs, and lets its oldest go; each as it was looked at. */
export function makeRoom(records: readonly ShownRecord[], nowMs: number): ProposedChange[] {
  const ended = records.filter(isOpen).map(record => {
    const body = replaced(runOf(record), nowMs) as unknown as JsonObject;
    return { ...changeOf(record), body };
  });
  const lastPassed = records
    .filter(record => runOf(record).state === 'passed')
    .reduce<ShownRecord | undefined>((last, record) => {
      return endedLater(runOf(record), last && runOf(last)) ? record : last;
    }, undefined);
  const gone = records
    .filter(record => !isOpen(record) && record !== lastPassed)
    .toSorted((a, b) => (runOf(a).openedAt < runOf(b).openedAt ? -1 : 1))
    .slice(0, Math.max(0, records.length + 1 - RUNS_PER_APP_MAX))
    .map(record => ({ ...changeOf(record), body: undefined }));
  return [...ended, ...gone];
}

function isOpen(record: ShownRecord): boolean {
  return runOf(record).state === 'open';
}

function changeOf({ id, version }: ShownRecord) {
  return { kind: 'certification', id, ifVersion: version } as const;
}
