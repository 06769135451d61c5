/** What goes with a partner that is closed: its subscriptions end, its keys are revoked. */
import { everyRecord } from '../certification/every-record.ts';
import type { ProposedChange, RegistryReader } from '../registry/desk-contract.ts';

/** In one change; a partner with more ends some of its subscriptions before. */
export const CLOSING_CHANGES_MAX = 9_000;

/** Undefined where there are more than {@link CLOSING_CHANGES_MAX}. */
export function closingChanges(
  registry: RegistryReader,
  partner: string,
): readonly ProposedChange[] | undefined {
  const changes: ProposedChange[] = [];
  for (const change of eachClosing(registry, partner)) {
    if (changes.length >= CLOSING_CHANGES_MAX) return undefined;
    changes.push(change);
  }
  return changes;
}

function* eachClosing(registry: RegistryReader, partner: string): Generator<ProposedChange, void> {
  for (const app of everyRecord(registry, 'app', { partner })) {
    for (const { kind, id, body } of everyRecord(registry, 'subscription', { app: app.id })) {
      if (body.status !== 'ended') yield { kind, id, body: { ...body, status: 'ended' } };
    }
    for (const { kind, id, body } of everyRecord(registry, 'key', { app: app.id })) {
      if (body.revoked !== true) yield { kind, id, body: { ...body, revoked: true } };
    }
  }
}
