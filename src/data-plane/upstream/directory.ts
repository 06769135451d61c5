/**
 * The clients of one front thread, one per upstream, kept across snapshots that leave it as it was.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { UpstreamRecord } from '../../core/snapshot.ts';
import { UpstreamClient } from './client.ts';

/** Longer than an exchange may take between its arrival and its upstream request. */
const RETIRE_AFTER_MS = 60_000;

interface DirectoryEntry {
  readonly fingerprint: string;
  readonly client: UpstreamClient;
  /** The Host field's value: the port is left out where it is the scheme's own. */
  readonly host: string;
}

export class UpstreamDirectory {
  private readonly counters: CounterSet;
  private readonly clock: Clock;
  private readonly byId = new Map<string, DirectoryEntry>();
  /** Records are immutable, so a record seen before needs no comparison. */
  private byRecord = new WeakMap<UpstreamRecord, DirectoryEntry>();

  private readonly retired = new Map<UpstreamClient, NodeJS.Timeout>();

  constructor(counters: CounterSet, clock: Clock) {
    this.counters = counters;
    this.clock = clock;
  }

  get(record: UpstreamRecord): DirectoryEntry {
    const seen = this.byRecord.get(record);
    if (seen !== undefined) return seen;
    const fingerprint = JSON.stringify(record);
    let entry = this.byId.get(record.id);
    if (entry === undefined || entry.fingerprint !== fingerprint) {
      entry = {
        fingerprint,
        client: new UpstreamClient(record, this.counters, this.clock),
        host: hostField(record),
      };
      this.retire(record.id);
      this.byId.set(record.id, entry);
    }
    this.byRecord.set(record, entry);
    return entry;
  }

  /** Closes the clients of upstreams that the registry no longer has. */
  retain(upstreams: ReadonlyMap<string, UpstreamRecord>): void {
    for (const id of [...this.byId.keys()]) {
      if (upstreams.has(id)) continue;
      this.retire(id);
    }
  }

  /** Exchanges that hold an older snapshot may still use the client for a while. */
  private retire(id: string): void {
    const entry = this.byId.get(id);
    if (entry === undefined) return;
    this.byId.delete(id);
    const timer = setTimeout(() => this.closeRetired(entry.client), RETIRE_AFTER_MS);
    this.retired.set(entry.client, timer);
  }

  private closeRetired(client: UpstreamClient): void {
    clearTimeout(this.retired.get(client));
    this.retired.delete(client);
    void client.close();
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
    const clients = [...this.byId.values()].map(entry => entry.client);
    for (const [client, timer] of this.retired) {
      clearTimeout(timer);
      clients.push(client);
    }
    this.retired.clear();
    this.byId.clear();
    this.byRecord = new WeakMap();
    return clients;
  }
}

function hostField(record: UpstreamRecord): string {
  const host = record.host.includes(':') ? `[${record.host}]` : record.host;
  const ownPort = record.tls === undefined ? 80 : 443;
  return record.port === ownPort ? host : `${host}:${record.port}`;
}
