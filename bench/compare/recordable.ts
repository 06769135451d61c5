import { allCases } from './cases.ts';
import type { CompareResult } from './compare-result.ts';

/** Whether a run may stand in the record: every case, every round, one and the same gateway. */
export function isRecordable({ cases, missing, gateways }: CompareResult): boolean {
  const expected = allCases([]).map(({ name }) => name);
  const measured = cases.filter(({ voidRounds }) => voidRounds.length === 0);
  const whole = expected.every(name => measured.some(found => found.name === name));
  const steady = gateways.every(({ changedMeanwhile }) => !changedMeanwhile);
  return whole && steady && gateways.length === 1 && missing.length === 0;
}
