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

/** The last run that a sandbox app of the partner passed, however long ago. */
export function lastPassed(registry: RegistryReader, partner: string): RunRecord | undefined {
  return findRuns(registry, { partner, state: 'passed' })
    .map(runOf)
    .filter(({ app }) => isSandboxApp(registry, app, partner))
    .reduce<RunRecord | undefined>((last, run) => (endedLater(run, last) ? run : last), undefined);
}

export function endedLater(run: RunRecord, than: RunRecord | undefined): boolean {
  return than === undefined || (run.endedAt ?? '') > (than.endedAt ?? '');
}

function isSandboxApp(registry: RegistryReader, id: string, partner: string): boolean {
  const app = registry.get('app', id)?.body;
  return app?.partner === partner && app.environment === 'sandbox';
}
