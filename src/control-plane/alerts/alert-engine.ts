/** Judges every rule by the traffic and keeps what state each alert is in. */
import type { AlertSeverity } from '../../core/config-alerts.ts';
import type { AlertRule } from './alert-rule.ts';
import { type Measurement, measure, type Thresholds, thresholdOf } from './measure.ts';
import { RecentWindows } from './recent-windows.ts';
import { summarize } from './summarize.ts';
import type { TrafficHistory } from './traffic-history.ts';

export const ALERT_STATES = ['ok', 'pending', 'firing'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** As `GET /v1/alerts` shows it. */
export interface AlertReport {
  readonly name: string;
  readonly severity: AlertSeverity;
  readonly state: AlertState;
  /** When it came to be in this state, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** In the unit of the threshold; null where too little is known. */
  readonly value: number | null;
  readonly threshold: number;
  readonly summary: string;
}

export interface AlertChange {
  readonly event: 'firing' | 'resolved';
  readonly atMs: number;
  /** As it is after the change. */
  readonly alert: AlertReport;
}

export interface AlertEngineOptions extends Thresholds {
  readonly rules: readonly AlertRule[];
  readonly history: TrafficHistory;
  /** As `alerts.clearSeconds`. */
  readonly clearSeconds: number;
  readonly onChange: (change: AlertChange) => void;
  readonly startMs: number;
}

/** What nobody looked at for longer than this is not known to have held. */
const GAP_MAX_MS = 5_000;

class Alert {
  readonly rule: AlertRule;
  state: AlertState = 'ok';
  sinceMs: number;
  value: number | undefined;
  /** Since when the condition has held, and since when it has been over, without a break. */
  private heldSinceMs: number | undefined;
  private clearSinceMs: number | undefined;

  constructor(rule: AlertRule, startMs: number) {
    this.rule = rule;
    this.sinceMs = startMs;
  }

  forgetSpans(): void {
    this.heldSinceMs = undefined;
    this.clearSinceMs = undefined;
  }

  /** What is not known neither fires an alert nor resolves it. */
  take(
    found: Measurement | undefined,
    nowMs: number,
    clearMs: number,
  ): AlertChange['event'] | undefined {
    this.value = found?.value;
    this.heldSinceMs = found?.holds === true ? (this.heldSinceMs ?? nowMs) : undefined;
    this.clearSinceMs = found?.isClear === true ? (this.clearSinceMs ?? nowMs) : undefined;
    if (this.state === 'firing') {
      const clearedMs = this.clearSinceMs === undefined ? -1 : nowMs - this.clearSinceMs;
      return clearedMs >= clearMs ? this.move('ok', nowMs, 'resolved') : undefined;
    }
    if (this.heldSinceMs === undefined) return this.move('ok', nowMs);
    const isDue = nowMs - this.heldSinceMs >= this.rule.forSeconds * 1_000;
    return isDue ? this.move('firing', nowMs, 'firing') : this.move('pending', nowMs);
  }

  report(): AlertReport {
    const { rule, state, sinceMs, value } = this;
    const { name, severity, when } = rule;
    return {
      ...{ name, severity, state, sinceMs },
      value: value === undefined ? null : value,
      threshold: thresholdOf(when),
      summary: summarize(when, value),
    };
  }

  private move<E extends AlertChange['event']>(
    state: AlertState,
    nowMs: number,
    event?: E,
  ): E | undefined {
    if (this.state !== state) this.sinceMs = nowMs;
    this.state = state;
    return event;
  }
}

export class AlertEngine {
  private readonly options: AlertEngineOptions;
  private readonly alerts: readonly Alert[];
  private readonly windows: RecentWindows;
  private lastTickMs: number | undefined;

  constructor(options: AlertEngineOptions) {
    this.options = options;
    this.windows = new RecentWindows(options.history);
    this.alerts = options.rules.map(rule => new Alert(rule, options.startMs));
  }

  /**
   * Judges all rules; to be called once a second. Where the clock jumps, or nobody called for a
   * while, spans begin anew: an alert fires late rather than on what was not seen.
   *
   * @param nowMs since the epoch
   */
  tick(nowMs: number): void {
    const { lastTickMs, options, windows } = this;
    const elapsedMs = lastTickMs === undefined ? 0 : nowMs - lastTickMs;
    this.lastTickMs = nowMs;
    if (elapsedMs < 0 || elapsedMs > GAP_MAX_MS)
      for (const alert of this.alerts) alert.forgetSpans();
    windows.at(nowMs);
    for (const alert of this.alerts) {
      const found = measure(alert.rule.when, windows, options);
      const event = alert.take(found, nowMs, options.clearSeconds * 1_000);
      if (event !== undefined) options.onChange({ event, atMs: nowMs, alert: alert.report() });
    }
  }

  /** In the order of the rules. */
  report(): AlertReport[] {
    return this.alerts.map(alert => alert.report());
  }
}
