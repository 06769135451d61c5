/** The six points at which the model of `xingyun plan` is held against measurements. */
import type { LoadOptions } from '../load/load-result.ts';

export interface PlanPoint {
  /** As `--mix` has it. */
  readonly mix: string;
  readonly scheme: LoadOptions['scheme'];
  readonly rate: number;
  readonly fronts: number;
  readonly workers: number;
}

export const PLAN_POINTS: readonly PlanPoint[] = [
  { mix: 'rsa=1', scheme: 'rfc9421-rsa', rate: 1_000, fronts: 1, workers: 1 },
  { mix: 'rsa=1', scheme: 'rfc9421-rsa', rate: 4_000, fronts: 1, workers: 1 },
  { mix: 'rsa=1', scheme: 'rfc9421-rsa', rate: 6_000, fronts: 1, workers: 1 },
  { mix: 'es256=1', scheme: 'rfc9421-es256', rate: 2_000, fronts: 1, workers: 1 },
  { mix: 'hmac=1', scheme: 'hmac', rate: 4_000, fronts: 1, workers: 1 },
  { mix: 'rsa=1', scheme: 'rfc9421-rsa', rate: 4_000, fronts: 2, workers: 1 },
];

export function pointName({ mix, rate, fronts, workers }: PlanPoint): string {
  return `${mix.replace('=1', '')} ${rate}/s ${fronts}x${workers}`;
}
