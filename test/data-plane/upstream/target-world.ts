/** A front's targets without sockets, on a clock that the test moves. */
import { CounterSet } from '../../../src/core/counters.ts';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { Problem } from '../../../src/core/problems.ts';
import type { UpstreamRecord, UpstreamResilience } from '../../../src/core/upstream-record.ts';
import type { AttemptOutcome } from '../../../src/data-plane/upstream/attempt-outcome.ts';
import { UpstreamDirectory } from '../../../src/data-plane/upstream/index.ts';
import { isTarget, type TargetClient } from '../../../src/data-plane/upstream/target-client.ts';
import {
  createHealthShared,
  HealthPlaces,
  SharedHealthStates,
  targetName,
} from '../../../src/stores/shared-memory/index.ts';
import { SettableClock } from '../../stores/settable-clock.ts';
import { anUpstream } from '../../support/exchanges.ts';

/** Numbers from 0 to below 1 that are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An upstream of targets a, b, c … of these weights. */
export function upstreamOf(
  weights: readonly number[],
  terms: Partial<UpstreamResilience> = {},
): UpstreamRecord {
  const targets = weights.map((weight, i) => {
    return { host: String.fromCharCode(97 + i), port: 1, weight };
  });
  return anUpstream({ targets, resilience: { ...PLAIN_RESILIENCE, ...terms } });
}

/** The table of one host, and its clock. */
export class HealthTable {
  readonly clock = new SettableClock();
  readonly shared = createHealthShared(2);
  private readonly nowMs = () => this.clock.monotonicMs() + 1;
  private readonly targets = new HealthPlaces(this.shared, 'target', this.nowMs);
  private readonly circuits = new HealthPlaces(this.shared, 'circuit', this.nowMs);

  /** What a thread sees; `front` where it is a front thread. */
  view(front?: number): SharedHealthStates {
    const { nowMs } = this;
    return new SharedHealthStates(this.shared, front === undefined ? { nowMs } : { nowMs, front });
  }

  give({ id, targets }: UpstreamRecord): void {
    this.circuits.give(id);
    for (const { host, port } of targets) this.targets.give(targetName(id, host, port));
  }
}

/** One front thread of the host. */
export class TargetWorld {
  readonly counters = new CounterSet();
  readonly directory: UpstreamDirectory;
  /** What it would log: upstream, target, change. */
  readonly changes: string[] = [];

  constructor(table: HealthTable, random: () => number = seeded(1), front = 0) {
    const { counters } = this;
    this.directory = new UpstreamDirectory({
      ...{ counters, clock: table.clock, health: table.view(front), random },
      reportChange: (upstream, host, change) => {
        this.changes.push(`${upstream} ${host?.split(':')[0] ?? ''} ${change}`);
      },
    });
  }

  choose(record: UpstreamRecord, not?: TargetClient): TargetClient {
    const chosen = this.directory.choose(record, not);
    if (!isTarget(chosen)) throw new Error(chosen.name);
    return chosen;
  }

  refusal(record: UpstreamRecord): Problem | undefined {
    const chosen = this.directory.choose(record);
    if (!isTarget(chosen)) return chosen;
    this.directory.settle(record, chosen, 'cancelled');
    return undefined;
  }

  /** One call with its end; the name of its target. */
  call(record: UpstreamRecord, outcome: AttemptOutcome = 'answered'): string {
    const target = this.choose(record);
    this.directory.settle(record, target, outcome);
    return nameOf(target);
  }

  /** How many of so many calls, each over before the next, went to each target. */
  shares(record: UpstreamRecord, calls: number): Record<string, number> {
    const counts: Record<string, number> = {};
    for (let i = 0; i < calls; i++) {
      const name = this.call(record);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** Sends calls that end like this until the target has had that many. */
  toTarget(record: UpstreamRecord, name: string, outcome: AttemptOutcome, times: number): void {
    for (let sent = 0; sent < times; ) {
      const target = this.choose(record);
      const isMeant = nameOf(target) === name;
      this.directory.settle(record, target, isMeant ? outcome : 'answered');
      if (isMeant) sent++;
    }
  }
}

export function nameOf({ host }: TargetClient): string {
  return host.split(':')[0]!;
}
