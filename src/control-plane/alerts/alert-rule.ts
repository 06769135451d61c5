import type { AlertRuleConfig, AlertSeverity } from '../../core/config-alerts.ts';

export interface BurnRate {
  readonly kind: 'burn-rate';
  /** Share of calls that must be good. */
  readonly objective: number;
  readonly longSeconds: number;
  readonly shortSeconds: number;
  readonly factor: number;
  /** Calls that took longer are the bad ones; where absent, those that failed are. */
  readonly aboveMs?: number;
}

export interface Percentile {
  readonly kind: 'percentile';
  readonly quantile: number;
  readonly aboveMs: number;
  readonly windowSeconds: number;
}

export interface Rate {
  readonly kind: 'rate';
  /** A problem, or one of ALERT_RATES. */
  readonly of: string;
  readonly side: 'above' | 'below';
  readonly perSecond: number;
  readonly windowSeconds: number;
}

export type AlertCondition = BurnRate | Percentile | Rate;

export interface AlertRule {
  /** Unique. */
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly when: AlertCondition;
  readonly forSeconds: number;
}

/** The longest window of which a rule asks how long calls took, in seconds; 0 where none does. */
export function durationsSeconds(rules: readonly AlertRule[]): number {
  const seconds = rules.map(({ when }) => {
    if (when.kind === 'percentile') return when.windowSeconds;
    return when.kind === 'burn-rate' && when.aboveMs !== undefined ? when.longSeconds : 0;
  });
  return Math.max(0, ...seconds);
}

/** @throws Error where a field is missing: the check of the configuration has not been run */
export function readRule({ name, severity, when, forSeconds }: AlertRuleConfig): AlertRule {
  return { name, severity, forSeconds, when: readCondition(name, when) };
}

function readCondition(name: string, when: AlertRuleConfig['when']): AlertCondition {
  const field = <F extends keyof typeof when>(key: F) => {
    const value = when[key];
    if (value === undefined) throw new Error(`The alert ${name} has no ${key}.`);
    return value as NonNullable<(typeof when)[F]>;
  };
  if (when.kind === 'burn-rate') {
    const { aboveMs } = when;
    return {
      kind: 'burn-rate',
      objective: field('objective'),
      longSeconds: field('longSeconds'),
      shortSeconds: field('shortSeconds'),
      factor: field('factor'),
      ...(aboveMs === undefined ? {} : { aboveMs }),
    };
  }
  const windowSeconds = field('windowSeconds');
  if (when.kind === 'percentile') {
    const [quantile, aboveMs] = [field('quantile'), field('aboveMs')];
    return { kind: 'percentile', quantile, aboveMs, windowSeconds };
  }
  const isAbove = when.abovePerSecond !== undefined;
  return {
    kind: 'rate',
    of: field('of'),
    side: isAbove ? 'above' : 'below',
    perSecond: field(isAbove ? 'abovePerSecond' : 'belowPerSecond'),
    windowSeconds,
  };
}
