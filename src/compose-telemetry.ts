/** What the main thread knows of all threads: figures now and of the last day, and their pools. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Alerts, alertDurationsMs, createAlerts } from './control-plane/alerts/index.ts';
import { LiveFeed } from './control-plane/console/live-feed.ts';
import type { Config } from './core/config.ts';
import { CounterSet } from './core/counters.ts';
import { LogThrottle } from './core/log-throttle.ts';
import type { PoolReading } from './core/pool-reading.ts';
import type { HistoryStore } from './stores/history-contract.ts';
import { openHistoryStore } from './stores/sqlite/index.ts';
import { FrameComposer } from './telemetry/history/frame-composer.ts';
import { lastSeconds } from './telemetry/history/recent-traffic.ts';
import { TrafficHistory } from './telemetry/history/traffic-history.ts';
import { TrafficSampler } from './telemetry/history/traffic-sampler.ts';
import type { ProcessLog } from './telemetry/process-log.ts';
import { TelemetryReader } from './telemetry/telemetry-reader.ts';
import { createVitalsBuffer, startThreadVitals } from './telemetry/thread-vitals.ts';
import { VERSION } from './version.ts';

/** In stateDir. */
const HISTORY_FILE = 'history.sqlite';
const INTERVAL_MS = 1_000;

export class GatewayTelemetry {
  readonly reader = new TelemetryReader();
  /** The main thread's own. */
  readonly counters = new CounterSet();
  /** By front, as each told last. */
  readonly pools = new Map<number, PoolReading>();
  readonly feed: LiveFeed;
  readonly history: TrafficHistory;
  readonly alerts: Alerts;
  costsMicros: Readonly<Record<string, number>> = {};
  private readonly config: Config;
  private readonly log: ProcessLog;
  private readonly throttle = new LogThrottle();
  private readonly vitals = createVitalsBuffer();
  private readonly threadVitals = startThreadVitals(this.vitals);
  private readonly traffic = new TrafficSampler(this.reader, Date.now());
  private readonly composer: FrameComposer;
  private store: HistoryStore | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    config: Config,
    log: ProcessLog,
    fronts: () => readonly { readonly restarts: number }[],
  ) {
    this.config = config;
    this.log = log;
    this.reader.addThread('main', this.vitals);
    this.reader.addCounters(this.counters);
    this.feed = new LiveFeed({ version: VERSION, startedAtMs: this.reader.startedAtMs });
    this.history = new TrafficHistory({
      store: () => this.store,
      durationsSinceMs: alertDurationsMs(config.alerts),
      reportFailure: error => this.report(error),
    });
    this.alerts = createAlerts({
      ...{ config: config.alerts, counters: this.counters, log, host: hostname() },
      history: { last: seconds => lastSeconds(this.history, seconds) },
    });
    this.composer = new FrameComposer({
      ...{ reader: this.reader, pools: this.pools },
      restarts: () => fronts().map(({ restarts }) => restarts),
    });
  }

  /** Once stateDir is there. */
  open(): void {
    try {
      this.store = openHistoryStore(join(this.config.stateDir, HISTORY_FILE));
    } catch (error) {
      this.report(error);
    }
    this.history.restore(Date.now()).catch(error => this.report(error));
    this.timer = setInterval(() => this.tick(), INTERVAL_MS).unref();
  }

  forgetFront(front: number): void {
    this.reader.retireFront(`front-${front}`);
    this.reader.setWorkers(front, []);
    this.pools.delete(front);
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.threadVitals.stop();
    if (this.timer !== undefined) this.tick();
    this.history.flush();
    this.store?.close();
    this.store = undefined;
    await this.alerts.close();
  }

  private tick(): void {
    const slice = this.traffic.sample(Date.now());
    this.history.add(slice);
    this.alerts.tick(slice.toMs);
    this.feed.push(this.composer.compose(slice));
  }

  /** Nothing of a call depends on it. */
  private report(error: unknown): void {
    const { message: reason } = error as Error;
    const suppressed = this.throttle.admit(reason, performance.now());
    if (suppressed === undefined) return;
    this.log.warn({ reason, suppressed }, 'The history of the traffic cannot be kept.');
  }
}
