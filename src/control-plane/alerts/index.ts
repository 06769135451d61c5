/**
 * The gateway's own alerts (docs/alerts.md): rules of the configuration, judged once a second by
 * the traffic of all fronts, shown at `GET /v1/alerts` and in /metrics, and sent to a webhook.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { AlertsConfig, AlertWebhookConfig } from '../../core/config-alerts.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { ProcessLog } from '../../telemetry/process-log.ts';
import type { AlertFacts } from '../../telemetry/prometheus-metrics.ts';
import { type AlertChange, AlertEngine } from './alert-engine.ts';
import { type AlertRule, durationsSeconds, readRule } from './alert-rule.ts';
import { DEFAULT_RULES } from './default-rules.ts';
import { notificationBody, webhookKey } from './notification.ts';
import { addAlertRoutes } from './routes.ts';
import type { TrafficHistory } from './traffic-history.ts';
import { Webhook } from './webhook.ts';

export interface AlertsOptions {
  /** Checked by loadConfig, its paths absolute. */
  readonly config: AlertsConfig;
  readonly history: TrafficHistory;
  /** Those of the main thread: what became of notifications is counted there. */
  readonly counters: CounterSet;
  readonly log: Pick<ProcessLog, 'info' | 'warn' | 'error'>;
  /** Name of this host, for whoever is told of several. */
  readonly host: string;
  readonly clock?: Clock;
}

export interface Alerts {
  /** Adds `GET /v1/alerts` to the admin listener, as one of `ControlOptions.routes`. */
  readonly addRoutes: (app: FastifyInstance) => void;
  /**
   * Judges all rules; to be called once a second. After a pause of more than five seconds, or a
   * jump of the clock, what held before it does not count any more.
   *
   * @param nowMs since the epoch
   */
  tick(nowMs: number): void;
  /** For `renderMetrics`. */
  facts(): AlertFacts[];
  /** Breaks off what is being sent; resolves soon, never rejects. Nothing is judged after it. */
  close(): Promise<void>;
}

/** @throws Error where the file of the webhook's secret cannot be read */
export function createAlerts(options: AlertsOptions): Alerts {
  const { config, history, host, log, clock = systemClock } = options;
  const webhook = openWebhook(config.webhook, options, clock);
  let isClosed = false;
  const tell = (change: AlertChange) => {
    report(change, log);
    const { name: alert } = change.alert;
    webhook?.send({ id: randomUUID(), alert, body: notificationBody(change, host) });
  };
  const { callsMin, clearMarginPercent, clearSeconds } = config;
  const engine = new AlertEngine({
    ...{ history, callsMin, clearMarginPercent, clearSeconds },
    rules: rulesOf(config),
    startMs: clock.wallMs(),
    onChange: tell,
  });
  return {
    addRoutes: app => addAlertRoutes(app, () => engine.report()),
    tick: nowMs => {
      if (!isClosed) engine.tick(nowMs);
    },
    facts: () =>
      engine.report().map(({ name, severity, state }) => ({
        ...{ name, severity },
        isFiring: state === 'firing',
      })),
    close: async () => {
      isClosed = true;
      await webhook?.close();
    },
  };
}

function rulesOf(config: AlertsConfig): readonly AlertRule[] {
  return config.rules?.map(readRule) ?? DEFAULT_RULES;
}

/** How far back rules ask how long calls took, and not only how many there were. */
export function alertDurationsMs(config: AlertsConfig): number {
  return durationsSeconds(rulesOf(config)) * 1_000;
}

function openWebhook(
  config: AlertWebhookConfig | undefined,
  { counters, log }: AlertsOptions,
  clock: Clock,
): Webhook | undefined {
  if (config === undefined) return undefined;
  const key = webhookKey(readFileSync(config.secretFile, 'utf8').trim());
  return new Webhook({ config, key, clock, counters, log });
}

/** In the process log too: a gateway without a webhook has said it somewhere. */
function report({ event, alert }: AlertChange, log: AlertsOptions['log']): void {
  const { name, severity, value, threshold, summary } = alert;
  const fields = { alert: name, severity, value, threshold, summary };
  if (event === 'firing') log.warn(fields, 'An alert fires.');
  else log.info(fields, 'An alert is resolved.');
}
