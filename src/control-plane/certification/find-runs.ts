/** Runs as they are looked up in the registry. */
import type { RegistryReader, ShownRecord } from '../registry/desk-contract.ts';
import { everyRecord } from './every-record.ts';
import type { RunRecord } from './report.ts';

/** A certification is good for so long. */
export const CERTIFICATION_MAX_AGE_MS = 90 * 24 * 3_600_000;

/** What {@link judged} wrote is what is read. */
export function runOf({ body }: ShownRecord): RunRecord {
  return body as unknown as RunRecord;
}

export function findRuns(
  registry: RegistryReader,
  where: Readonly<Record<string, string>>,
): ShownRecord[] {
  return [...everyRecord(registry, 'certification', where)];
}

/** The last run that a sandbox app passed which the partner has now, however long ago. */
export function lastPassed(registry: RegistryReader, partner: string): RunRecord | undefined {
  return findRuns(registry, { partner, state: 'passed' })
    .map(runOf)
    .filter(run => isOfSandboxApp(registry, run))
    .reduce<RunRecord | undefined>((last, run) => (endedLater(run, last) ? run : last), undefined);
}

export function endedLater(run: RunRecord, than: RunRecord | undefined): boolean {
  return than === undefined || (run.endedAt ?? '') > (than.endedAt ?? '');
}

/** Whether the app is the one that was certified, and still that partner's. */
function isOfSandboxApp(registry: RegistryReader, run: RunRecord): boolean {
  const app = registry.get('app', run.app);
  if (app?.body.partner !== run.partner || app.body.environment !== 'sandbox') return false;
  return app.createdAtMs === Date.parse(run.appCreatedAt);
}
