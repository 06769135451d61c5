/** From findings to a grade: docs/shelf.md has the formula. */
import type { Severity } from './rule.ts';

export type Grade = 'A' | 'B' | 'C' | 'D' | 'E' | 'F';

/** What a rule costs that every operation breaks. */
const POINTS: Readonly<Record<Severity, number>> = { error: 20, warn: 8, info: 3 };
const GRADES: readonly (readonly [Grade, number])[] = [
  ['A', 90],
  ['B', 75],
  ['C', 60],
  ['D', 45],
  ['E', 30],
];

export interface RuleCount {
  readonly rule: string;
  readonly severity: Severity;
  readonly blocking: boolean;
  readonly findings: number;
}

/**
 * 100 less what each broken rule costs: its points times the share of operations that it is found
 * at; an error costs half its points at once. With a finding that blocks, no better than D.
 */
export function gradeOf(
  counts: readonly RuleCount[],
  operations: number,
): { readonly grade: Grade; readonly score: number } {
  let score = 100;
  for (const { severity, findings } of counts) {
    if (findings === 0) continue;
    const share = Math.min(1, findings / Math.max(1, operations));
    score -= POINTS[severity] * (severity === 'error' ? (1 + share) / 2 : share);
  }
  score = Math.max(0, Math.round(score));
  const grade = GRADES.find(([, least]) => score >= least)?.[0] ?? 'F';
  const isBlocked = counts.some(({ blocking, findings }) => blocking && findings > 0);
  return { grade: isBlocked && grade < 'D' ? 'D' : grade, score };
}
