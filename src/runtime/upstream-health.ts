/**
 * The health of upstreams as the main thread keeps it: each target whose health the fronts share
 * gets its place in the table before a front hears of it, and is checked where its upstream says
 * so; what the registry has no more loses both.
 */
import type { CounterSet } from '../core/counters.ts';
import type { RecordDelta } from '../core/snapshot.ts';
import type { UpstreamRecord, UpstreamTarget } from '../core/upstream-record.ts';
import {
  callsOfFront,
  createHealthShared,
  HealthPlaces,
  type HealthShared,
  SharedHealthStates,
  targetName,
} from '../stores/shared-memory/index.ts';
import { HealthChecker, type HealthCheckerOptions } from './health-checker.ts';
import { TargetProbe } from './target-probe.ts';
import { reportUpstream } from './upstream-report.ts';

export interface UpstreamHealthOptions {
  /** How many there are. */
  readonly fronts: number;
  readonly counters: CounterSet;
  readonly report: HealthCheckerOptions['report'];
}

export class UpstreamHealth {
  readonly shared: HealthShared;
  private readonly states: SharedHealthStates;
  private readonly records = new Map<string, UpstreamRecord>();
  private readonly targets: HealthPlaces;
  private readonly circuits: HealthPlaces;
  private readonly checker: HealthChecker;
  /** What each target is checked with, by name. */
  private readonly checks = new Map<string, string>();

  constructor({ fronts, counters, report }: UpstreamHealthOptions) {
    this.shared = createHealthShared(fronts);
    this.states = new SharedHealthStates(this.shared);
    const { nowMs } = this.states;
    this.targets = new HealthPlaces(this.shared, 'target', nowMs);
    this.circuits = new HealthPlaces(this.shared, 'circuit', nowMs);
    this.checker = new HealthChecker({ counters, report, nowMs });
  }

  /** All that there are. */
  takeAll(upstreams: readonly UpstreamRecord[]): void {
    const ids = new Set(upstreams.map(({ id }) => id));
    for (const id of [...this.records.keys()]) if (!ids.has(id)) this.replace(id, undefined);
    for (const record of upstreams) this.replace(record.id, record);
  }

  take({ upserts, removals }: RecordDelta<UpstreamRecord>): void {
    for (const id of removals) this.replace(id, undefined);
    for (const record of upserts) this.replace(record.id, record);
  }

  /** A front thread has ended: it has nothing in flight any more. */
  forgetFront(front: number): void {
    callsOfFront(this.shared, front).fill(0);
  }

  /** Undefined where the registry has no such upstream. */
  report(id: string) {
    const record = this.records.get(id);
    if (record === undefined) return undefined;
    return reportUpstream(record, {
      states: this.states,
      lastCheck: target => this.checker.last(nameOf(id, target)),
    });
  }

  /**
   * Opens the circuit of an upstream for so long, or closes it where `openMs` is 0; false where it
   * has none.
   */
  setCircuit(id: string, openMs: number): boolean {
    const circuit = hasCircuit(this.records.get(id)) ? this.states.circuit(id) : undefined;
    if (circuit === undefined) return false;
    if (openMs === 0) circuit.forceClosed();
    else circuit.holdOpen(this.states.nowMs() + openMs);
    return true;
  }

  close(): void {
    this.checker.close();
  }

  private replace(id: string, record: UpstreamRecord | undefined): void {
    const before = this.records.get(id);
    if (before === record) return;
    const names = new Set(targetsOf(record).map(target => nameOf(id, target)));
    for (const target of targetsOf(before)) {
      const name = nameOf(id, target);
      if (!names.has(name)) this.forget(name);
    }
    for (const target of targetsOf(record)) this.watch(record!, target);
    if (hasCircuit(record)) this.circuits.give(id);
    else this.circuits.takeBack(id);
    if (record === undefined) this.records.delete(id);
    else this.records.set(id, record);
  }

  private forget(name: string): void {
    this.checker.unwatch(name);
    this.checks.delete(name);
    this.targets.takeBack(name);
  }

  /** Goes on with the checks that there were where nothing about them has changed. */
  private watch(record: UpstreamRecord, target: UpstreamTarget): void {
    const { id, tls } = record;
    const terms = record.resilience.health;
    const name = nameOf(id, target);
    const place = this.targets.give(name);
    if (place < 0) return;
    const check = terms === undefined ? undefined : JSON.stringify([terms, tls]);
    if (check === this.checks.get(name)) return;
    const health = this.states.targetAt(place);
    if (terms === undefined) {
      this.checker.unwatch(name);
      this.checks.delete(name);
      // Nobody would ever say that it is up again.
      if (health.isDown) health.setDown(false, this.states.nowMs());
      return;
    }
    const address = `${target.host}:${target.port}`;
    const probe = new TargetProbe(record, terms, target);
    this.checker.watch(name, { upstreamId: id, address, terms, probe, health });
    this.checks.set(name, check!);
  }
}

/** Those that have a place. */
function targetsOf(record: UpstreamRecord | undefined): readonly UpstreamTarget[] {
  const { health, outlier } = record?.resilience ?? {};
  return health === undefined && outlier === undefined ? [] : record!.targets;
}

function nameOf(upstreamId: string, { host, port }: UpstreamTarget): string {
  return targetName(upstreamId, host, port);
}

function hasCircuit(record: UpstreamRecord | undefined): boolean {
  const { breaker, outlier } = record?.resilience ?? {};
  return breaker !== undefined || outlier !== undefined;
}
