/** Leaves out targets whose own calls fail, for all fronts of the host. */
import type { OutlierRecord } from '../../core/upstream-record.ts';
import type { TargetHealth } from '../../stores/health-contract.ts';
import type { TargetGroup } from './target-group.ts';

export type EjectionResult = 'ejected' | 'capped' | undefined;

/** A call to a target of the group failed. */
export function countFailure(
  group: TargetGroup,
  health: TargetHealth,
  terms: OutlierRecord,
  nowMs: number,
): EjectionResult {
  const { circuit } = group;
  // It is out already; what was under way meanwhile says nothing about the time after.
  if (circuit === undefined || health.ejectedUntilMs > nowMs) return undefined;
  if (health.countFailure() < terms.consecutiveFailuresMax) return undefined;
  if (!circuit.claimEjection(nowMs)) return undefined;
  const result = eject(group, health, terms, nowMs);
  circuit.releaseEjection();
  return result;
}

function eject(
  group: TargetGroup,
  health: TargetHealth,
  terms: OutlierRecord,
  nowMs: number,
): EjectionResult {
  let ejected = 0;
  for (const member of group.members) {
    if ((member.health?.ejectedUntilMs ?? 0) > nowMs) ejected++;
  }
  if (health.ejectedUntilMs > nowMs) return undefined;
  if (ejected >= ejectedMax(group.members.length, terms.ejectedMaxPercent)) return 'capped';
  const times = timesBefore(health, terms, nowMs) + 1;
  const forMs = Math.min(terms.ejectionMs * times, terms.ejectionMaxMs);
  health.eject(nowMs + forMs, times);
  return 'ejected';
}

/** One may always be left out, if others are there, and one is always left in. */
export function ejectedMax(targets: number, percent: number): number {
  return Math.min(targets - 1, Math.max(1, Math.floor((targets * percent) / 100)));
}

/** Each `ejectionMs` that it has worked since makes up for one time that it was left out. */
function timesBefore(health: TargetHealth, { ejectionMs }: OutlierRecord, nowMs: number): number {
  const madeGood = Math.floor((nowMs - health.ejectedUntilMs) / ejectionMs);
  return Math.max(0, health.ejections - madeGood);
}
