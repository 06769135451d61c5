/** What the registry would take and no person may write by the admin API. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ChangeRefusal, ProposedChange, RegistryReader } from '../registry/desk-contract.ts';
import type { Principal } from './control-context.ts';
import { type AdminProblem, adminProblem } from './problems.ts';

/** Whoever manages partners leads them through their onboarding, and not past it. */
export function refuseStatus(
  { roles }: Principal,
  current: JsonObject | undefined,
  { status = 'production' }: JsonObject,
): AdminProblem | undefined {
  if (roles.includes('operator') || status === (current?.status ?? 'applied')) return undefined;
  const way = 'A partner starts as applied and moves by POST /v1/partners/{id}/transitions';
  return adminProblem('role-insufficient', `${way}; setting its status needs the role operator.`);
}

/** Whoever has stolen a key waits for the old file that says it is good. */
export function refuseRevivals(
  registry: RegistryReader,
  changes: readonly ProposedChange[],
): ChangeRefusal[] {
  return changes.flatMap(({ kind, id, body }): ChangeRefusal[] => {
    if (kind !== 'key' || body === undefined || body.revoked === true) return [];
    if (registry.get('key', id)?.body.revoked !== true) return [];
    const message = 'was revoked, which is for good: register another key, or say revoked: true';
    return [{ code: 'invalid', kind, id, pointer: '/revoked', message }];
  });
}
