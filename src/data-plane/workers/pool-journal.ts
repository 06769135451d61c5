import { LANES_TOLD_MAX, type PoolReading } from '../../core/pool-reading.ts';
import { WORK_KINDS, type WorkKind } from '../../core/pool-settings.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import type { BatchDispatcher } from './batch-dispatcher.ts';
import type { FairLanes } from './fair-lanes.ts';
import type { Job } from './job.ts';
import type { BatchWorkers } from './piscina-workers.ts';
import type { PlacementTable } from './placement-table.ts';
import type { CheckCost } from './pool-contract.ts';

interface PoolParts {
  readonly workers: BatchWorkers;
  readonly dispatcher: BatchDispatcher;
  readonly lanes: FairLanes;
  readonly placements: PlacementTable;
  readonly costs: readonly CheckCost[];
}

/** What operators are told of a pool: sums over the jobs that went through its queue. */
export class PoolJournal {
  private jobs = 0;
  private waitMs = 0;
  private serviceMs = 0;
  /** Of one shape from the start: adding to a member of it takes some nanoseconds. */
  private readonly asked = Object.fromEntries(WORK_KINDS.map(kind => [kind, 0])) as Record<
    WorkKind,
    number
  >;

  /** A check came, wherever it will run. */
  ask(algorithm: SignatureAlgorithm): void {
    this.asked[algorithm]++;
  }

  /** A job has its times. */
  note(job: Job): void {
    this.jobs++;
    this.waitMs += job.waitMs;
    this.serviceMs += job.serviceMs;
  }

  /** Begins the next interval of the lanes. */
  read({ workers, dispatcher, lanes, placements, costs }: PoolParts): PoolReading {
    const { jobs, waitMs, serviceMs } = this;
    const micros = new Map<string, number>();
    for (const cost of costs) micros.set(cost.kind, cost.micros);
    return {
      ...{ jobs, waitMs, serviceMs, workers: workers.count, queueLength: lanes.length },
      batches: dispatcher.batches,
      batchSizes: [...dispatcher.batchSizes],
      lanes: lanes.read(LANES_TOLD_MAX),
      kinds: placements
        .read((kind: WorkKind) => micros.get(kind))
        .map(kind => ({ ...kind, asked: this.asked[kind.kind] })),
    };
  }
}
