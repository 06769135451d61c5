/**
 * The clients of one front thread, one per target of each upstream, kept across snapshots that
 * leave them as they were.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Problem } from '../../core/problems.ts';
import type { RecordLookup, UpstreamRecord, UpstreamTarget } from '../../core/snapshot.ts';
import type { AttemptOutcome } from './attempt-outcome.ts';
import { UpstreamClient } from './client.ts';
import { type TargetClient, TargetGroup } from './target-group.ts';

/** Longer than an exchange may take between its arrival and its upstream request. */
const RETIRE_AFTER_MS = 60_000;

interface DirectoryEntry {
  /** What clients are made with, all but the targets. */
  readonly settings: string;
  /** By address. */
  readonly clients: ReadonlyMap<string, TargetClient>;
}

export class UpstreamDirectory {
  private readonly counters: CounterSet;
  private readonly clock: Clock;
  private readonly byId = new Map<string, DirectoryEntry>();
  /** Records are immutable, so a record seen before needs no comparison. */
  private byRecord = new WeakMap<UpstreamRecord, TargetGroup>();

  private readonly retired = new Map<TargetClient, NodeJS.Timeout>();

  constructor(counters: CounterSet, clock: Clock) {
    this.counters = counters;
    this.clock = clock;
  }

  /**
   * The target for the next call of an upstream, which counts as in flight from now on. `not` is
   * one that the call was sent to already: it gets another where there is another. A Problem where
   * the call may not go.
   */
  choose(record: UpstreamRecord, not?: TargetClient): TargetClient | Problem {
    let target = this.byRecord.get(record)?.choose(not);
    // One that was closed gave way to an older record, whose exchange came late.
    if (target === undefined || target.isClosed) target = this.open(record).choose(not);
    target.callsInFlight++;
    return target;
  }

  /** What became of a call: exactly once for each target that `choose` gave. */
  settle(_record: UpstreamRecord, target: TargetClient, _outcome: AttemptOutcome): void {
    target.callsInFlight--;
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
    const { targets, ...rest } = record;
    const settings = JSON.stringify(rest);
    const before = this.byId.get(record.id);
    const kept = before?.settings === settings ? before.clients : undefined;
    const clients = new Map<string, TargetClient>();
    for (const target of targets) {
      const address = addressOf(target);
      clients.set(address, kept?.get(address) ?? this.openTarget(record, target));
    }
    for (const [address, target] of before?.clients ?? []) {
      if (clients.get(address) !== target) this.retire(target);
    }
    const ordered = targets.map(target => clients.get(addressOf(target))!);
    const group = new TargetGroup(targets, ordered);
    this.byId.set(record.id, { settings, clients });
    this.byRecord.set(record, group);
    return group;
  }

  private openTarget(record: UpstreamRecord, target: UpstreamTarget): TargetClient {
    const client = new UpstreamClient(record, target, this.counters, this.clock);
    return { client, host: hostField(record, target), callsInFlight: 0, isClosed: false };
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
