/**
 * The clients of one front thread, one per target of each upstream, kept across snapshots that
 * leave them as they were.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Problem } from '../../core/problems.ts';
import type { RecordLookup } from '../../core/snapshot.ts';
import type { UpstreamRecord, UpstreamTarget } from '../../core/upstream-record.ts';
import type { HealthStates } from '../../stores/health-contract.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { UpstreamClient } from './client.ts';
import { type ReportChange, Resilience } from './resilience.ts';
import { TargetClient, type UpstreamLoad } from './target-client.ts';
import { TargetGroup } from './target-group.ts';

/** Longer than an exchange may take between its arrival and its upstream request. */
const RETIRE_AFTER_MS = 60_000;

interface DirectoryEntry {
  /** What clients are made with, all but the targets and what is done about them. */
  readonly settings: string;
  /** By address. */
  readonly clients: ReadonlyMap<string, TargetClient>;
  readonly load: UpstreamLoad;
}

export interface DirectoryOptions {
  readonly counters: CounterSet;
  readonly clock: Clock;
  readonly health: HealthStates;
  readonly reportChange: ReportChange;
  /** Evenly from 0 to below 1; a test has its own. */
  readonly random?: () => number;
}

export class UpstreamDirectory {
  private readonly options: DirectoryOptions;
  private readonly resilience: Resilience;
  private readonly byId = new Map<string, DirectoryEntry>();
  /** Records are immutable, so a record seen before needs no comparison. */
  private byRecord = new WeakMap<UpstreamRecord, TargetGroup>();

  private readonly retired = new Map<TargetClient, NodeJS.Timeout>();

  constructor(options: DirectoryOptions) {
    this.options = options;
    this.resilience = new Resilience(options);
  }

  /**
   * The target for the next call of an upstream, which counts as in flight from now on. `not` is
   * one that the call was sent to already: it gets another where there is another. `ended` calls
   * are over though they are not settled yet. A Problem where the call may not go:
   * upstream-saturated, circuit-open.
   */
  choose(record: UpstreamRecord, not?: TargetClient, ended = 0): TargetClient | Problem {
    const group = this.byRecord.get(record) ?? this.open(record);
    const isTrial = this.resilience.admit(group, record.resilience, ended);
    if (typeof isTrial !== 'boolean') return isTrial;
    let member = group.choose(not?.base);
    // One that was closed gave way to an older record, whose exchange came late.
    if (member.target.isClosed) member = this.open(record).choose(not?.base);
    const { target, health } = member;
    target.load.callsInFlight++;
    target.callsInFlight++;
    health?.showCalls(target.callsInFlight);
    if (group.isInPanic) this.options.counters.add('upstream_panics');
    return isTrial ? target.trial : target;
  }

  /** What became of a call: exactly once for each target that `choose` gave. */
  settle(record: UpstreamRecord, target: TargetClient, outcome: AttemptOutcome): void {
    const { base, load } = target;
    base.callsInFlight--;
    load.callsInFlight--;
    const group = this.byRecord.get(record);
    if (group === undefined) return;
    group.healthOf(base)?.showCalls(base.callsInFlight);
    this.resilience.report(group, target, outcome);
  }

  /** Closes the clients of upstreams that the registry no longer has. */
  retain(upstreams: RecordLookup<UpstreamRecord>): void {
    for (const [id, { clients }] of this.byId) {
      if (upstreams.get(id) !== undefined) continue;
      this.byId.delete(id);
      for (const target of clients.values()) this.retire(target);
    }
  }

  /** Clients of targets that the record before had as well go on with their connections. */
  private open(record: UpstreamRecord): TargetGroup {
    const { targets, resilience, ...rest } = record;
    const settings = JSON.stringify(rest);
    const before = this.byId.get(record.id);
    const kept = before?.settings === settings ? before.clients : undefined;
    const load = before?.load ?? { callsInFlight: 0 };
    const clients = new Map<string, TargetClient>();
    for (const target of targets) {
      const address = addressOf(target);
      const sinceMs = this.sinceMs(before, address);
      const client = kept?.get(address) ?? this.openTarget(record, target, load, sinceMs);
      clients.set(address, client);
    }
    for (const [address, target] of before?.clients ?? []) {
      if (clients.get(address) !== target) this.retire(target);
    }
    const group = new TargetGroup({
      ...{ record, load, states: this.options.health },
      targets: targets.map(target => clients.get(addressOf(target))!),
      healths: targets.map(target => this.healthOf(record, target)),
      circuit: this.circuitOf(record),
      random: this.options.random ?? Math.random,
    });
    this.byId.set(record.id, { settings, clients, load });
    this.byRecord.set(record, group);
    return group;
  }

  /** The targets with which an upstream comes are all as new as each other: none starts slowly. */
  private sinceMs(before: DirectoryEntry | undefined, address: string): number {
    if (before === undefined) return 0;
    return before.clients.get(address)?.sinceMs ?? this.options.health.nowMs();
  }

  private healthOf(record: UpstreamRecord, { host, port }: UpstreamTarget) {
    const { health, outlier } = record.resilience;
    if (health === undefined && outlier === undefined) return undefined;
    const states = this.options.health;
    const shared = states.target(record.id, host, port);
    if (shared === undefined) this.options.counters.add('upstream_health_unshared');
    return shared ?? states.ownTarget();
  }

  private circuitOf({ id, resilience }: UpstreamRecord) {
    if (resilience.breaker === undefined && resilience.outlier === undefined) return undefined;
    const states = this.options.health;
    const shared = states.circuit(id);
    if (shared === undefined) this.options.counters.add('upstream_health_unshared');
    return shared ?? states.ownCircuit();
  }

  private openTarget(
    record: UpstreamRecord,
    target: UpstreamTarget,
    load: UpstreamLoad,
    sinceMs: number,
  ): TargetClient {
    const { counters, clock } = this.options;
    const client = new UpstreamClient(record, target, counters, clock);
    return new TargetClient({ client, host: hostField(record, target), load, sinceMs });
  }

  /** Exchanges that hold an older snapshot may still use the client for a while. */
  private retire(target: TargetClient): void {
    const timer = setTimeout(() => this.closeRetired(target), RETIRE_AFTER_MS);
    this.retired.set(target, timer);
  }

  private closeRetired(target: TargetClient): void {
    clearTimeout(this.retired.get(target));
    this.retired.delete(target);
    target.isClosed = true;
    void target.client.close();
  }

  /** Finishes what is in flight and closes every connection. */
  async close(): Promise<void> {
    await Promise.all(this.takeAll().map(client => client.close()));
  }

  /** Cuts what is in flight and closes every connection. */
  async destroy(): Promise<void> {
    await Promise.all(this.takeAll().map(client => client.destroy()));
  }

  private takeAll(): UpstreamClient[] {
    const taken: UpstreamClient[] = [];
    for (const { clients } of this.byId.values()) {
      for (const { client } of clients.values()) taken.push(client);
    }
    for (const [{ client }, timer] of this.retired) {
      clearTimeout(timer);
      taken.push(client);
    }
    this.retired.clear();
    this.byId.clear();
    this.byRecord = new WeakMap();
    return taken;
  }
}

function addressOf({ host, port }: UpstreamTarget): string {
  return `${host} ${port}`;
}

function hostField({ tls }: UpstreamRecord, target: UpstreamTarget): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  const ownPort = tls === undefined ? 80 : 443;
  return target.port === ownPort ? host : `${host}:${target.port}`;
}
