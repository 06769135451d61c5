/**
 * Asks targets again and again whether they work, and says so in the table that fronts read. Of the
 * main thread: it waits for sockets only, a bounded number at once.
 */
import type { CounterSet } from '../core/counters.ts';
import type { HealthCheckRecord } from '../core/upstream-record.ts';
import type { Probe } from './target-probe.ts';

/** Checks under way at once; others wait for their turn. */
const CHECKS_MAX = 256;
/** Each pause is up to a tenth shorter or longer, so that hosts do not ask in step. */
const JITTER = 0.1;

export interface CheckedTarget {
  readonly upstreamId: string;
  /** `host:port`, for the log. */
  readonly address: string;
  readonly terms: HealthCheckRecord;
  readonly probe: Probe;
  /** Where it says so to the fronts. */
  readonly health: {
    readonly isDown: boolean;
    setDown(isDown: boolean, nowMs: number): void;
  };
}

export interface HealthCheckerOptions {
  readonly counters: CounterSet;
  readonly nowMs: () => number;
  /** A target is down, or up again where `failure` is undefined. */
  readonly report: (target: CheckedTarget, failure: string | undefined) => void;
  readonly random?: () => number;
}

export interface LastCheck {
  readonly atMs: number;
  readonly failure: string | undefined;
}

export class HealthChecker {
  private readonly options: HealthCheckerOptions;
  private readonly random: () => number;
  private readonly watches = new Map<string, Watch>();
  private readonly due: Watch[] = [];
  private underWay = 0;

  constructor(options: HealthCheckerOptions) {
    this.options = options;
    this.random = options.random ?? Math.random;
  }

  /** The first check comes within an interval: not all at once after a start. */
  watch(name: string, target: CheckedTarget): void {
    this.unwatch(name);
    const watch = new Watch(target);
    this.watches.set(name, watch);
    if (target.health.isDown) this.options.counters.add('upstream_targets_down');
    this.schedule(watch, target.terms.intervalMs * this.random());
  }

  unwatch(name: string): void {
    const watch = this.watches.get(name);
    if (watch === undefined) return;
    this.watches.delete(name);
    watch.stop();
    if (watch.target.health.isDown) this.options.counters.add('upstream_targets_down', -1);
  }

  last(name: string): LastCheck | undefined {
    return this.watches.get(name)?.last;
  }

  close(): void {
    for (const name of [...this.watches.keys()]) this.unwatch(name);
  }

  private schedule(watch: Watch, delayMs: number): void {
    watch.timer = setTimeout(() => this.onDue(watch), delayMs);
    watch.timer.unref();
  }

  private onDue(watch: Watch): void {
    if (this.underWay < CHECKS_MAX) return void this.check(watch);
    this.options.counters.add('upstream_checks_deferred');
    this.due.push(watch);
  }

  private async check(watch: Watch): Promise<void> {
    const { counters, nowMs } = this.options;
    this.underWay++;
    const failure = await watch.target.probe.ask();
    this.underWay--;
    this.checkNext();
    if (watch.isStopped) return;
    counters.add('upstream_checks');
    if (failure !== undefined) counters.add('upstream_checks_failed');
    if (watch.take(failure, nowMs())) this.onChanged(watch.target, failure);
    const { intervalMs } = watch.target.terms;
    this.schedule(watch, intervalMs * (1 - JITTER + 2 * JITTER * this.random()));
  }

  private onChanged(target: CheckedTarget, failure: string | undefined): void {
    const { counters, report } = this.options;
    counters.add('upstream_targets_down', target.health.isDown ? 1 : -1);
    report(target, failure);
  }

  private checkNext(): void {
    for (let next = this.due.shift(); next !== undefined; next = this.due.shift()) {
      if (!next.isStopped) return void this.check(next);
    }
  }
}

/** What the checks of one target have said. */
class Watch {
  readonly target: CheckedTarget;
  last: LastCheck | undefined = undefined;
  timer: NodeJS.Timeout | undefined = undefined;
  isStopped = false;
  /** Answers of one kind in a row that say other than the table does. */
  private against = 0;

  constructor(target: CheckedTarget) {
    this.target = target;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.target.probe.close();
  }

  /** Whether the target has come up or gone down with it. */
  take(failure: string | undefined, nowMs: number): boolean {
    const { health, terms } = this.target;
    const isGood = failure === undefined;
    this.last = { atMs: nowMs, failure };
    if (isGood !== health.isDown) {
      this.against = 0;
      return false;
    }
    this.against++;
    if (this.against < (isGood ? terms.healthyAfter : terms.unhealthyAfter)) return false;
    this.against = 0;
    health.setDown(!isGood, nowMs);
    return true;
  }
}
