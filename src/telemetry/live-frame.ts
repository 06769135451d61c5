/**
 * What the console, `xingyun top` and scripts are told of the traffic: JSON, once a second over a
 * WebSocket and for any span of the last day over HTTP. Durations in milliseconds, shares from 0 to
 * 1, moments in milliseconds since the epoch. Percentiles are those of histograms that were added
 * up, never of percentiles.
 */
import type { StatusClass } from '../core/recorder.ts';
import type { Stage } from '../core/stages.ts';

export interface LatencyFigures {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  /** Exact where none was ever longer, else to three digits. */
  readonly max: number;
}

export interface StageFigures {
  readonly stage: Stage;
  /** Exchanges in which it occurred. */
  readonly count: number;
  /** Over all exchanges: with `elsewhere` those of the stages add up to the mean total. */
  readonly meanOfAll: number;
  readonly p50: number;
  readonly p99: number;
}

/** Of all fronts between two moments. */
export interface TrafficFigures {
  readonly fromMs: number;
  readonly toMs: number;
  /** Recorded, refused ones included. */
  readonly exchanges: number;
  /** Answered with a status below 400. */
  readonly good: number;
  readonly aborted: number;
  readonly statuses: Readonly<Record<StatusClass, number>>;
  /** By problem name; without those that did not occur. */
  readonly problems: Readonly<Record<string, number>>;
  /** From arrival to the last byte. */
  readonly latency: LatencyFigures;
  /** In the order of STAGES, `total` last. */
  readonly stages: readonly StageFigures[];
  /** Of the mean total, what no stage accounts for. */
  readonly elsewhere: number;
  /** Exchanges per cell of HEAT_BOUNDS_MS; one more for what is longer than the last. */
  readonly heat: readonly number[];
}

/** The percentile curve: which duration so large a share of exchanges did not exceed. */
export interface CurvePoint {
  readonly quantile: number;
  readonly ms: number;
}

export interface ThreadFigures {
  /** `main`, `front-0`, `front-0-worker-0`. */
  readonly name: string;
  readonly kind: 'main' | 'front' | 'worker';
  /** Share of one core since the frame before. */
  readonly cpu: number;
  /** Share of the time in which its event loop was not idle; null where nobody measures it. */
  readonly utilization: number | null;
  /** Of its event loop in its last second; null where nobody measures it. */
  readonly delayP99: number | null;
  readonly delayMax: number | null;
  readonly heapUsedBytes: number | null;
  /** How often a thread of this name was started again. */
  readonly restarts: number;
  /** Older than three seconds: it hangs, or was ended. */
  readonly sampledAtMs: number;
}

export interface LaneFigures {
  readonly app: string;
  /** Jobs that wait. */
  readonly waiting: number;
  /** Of the estimated work that went to workers since the frame before. */
  readonly share: number;
}

/** The pool of one front. */
export interface PoolFigures {
  readonly front: number;
  readonly workers: number;
  readonly queueLength: number;
  readonly batches: number;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i jobs, since the frame before. */
  readonly batchSizes: readonly number[];
  /** Through the queue since the frame before. */
  readonly jobs: number;
  /** Of one of them: in the queue, and with a worker. */
  readonly meanWait: number;
  readonly meanService: number;
  /** Those that wait or were served most. */
  readonly lanes: readonly LaneFigures[];
}

export interface LiveFrame {
  readonly kind: 'frame';
  readonly traffic: TrafficFigures;
  readonly curve: readonly CurvePoint[];
  readonly exchangesInFlight: number;
  readonly connections: number;
  readonly sessions: number;
  readonly threads: readonly ThreadFigures[];
  readonly pools: readonly PoolFigures[];
  /**
   * What proved who calls, since the frame before: signatures by their algorithm, and `token` for
   * access tokens that were remembered. Without those that did not come.
   */
  readonly proofs: Readonly<Record<string, number>>;
  /**
   * Checks that ended and tokens that were remembered, counted in the moment of `traffic`: fronts
   * tell of their pools up to a second later.
   */
  readonly proven: number;
  /** Of the whole process. */
  readonly rssBytes: number;
}

/** `GET /v1/history`: rows of equal length, the last one perhaps not over yet. */
export interface HistoryAnswer {
  readonly stepMs: number;
  readonly rows: readonly TrafficFigures[];
}

/** `GET /v1/distribution`: one span as a whole. */
export interface DistributionAnswer {
  readonly traffic: TrafficFigures;
  readonly curve: readonly CurvePoint[];
}

/** Upper bounds of the cells of the heat map, eight to a decade from 0.1 ms to 10 s. */
export const HEAT_BOUNDS_MS: readonly number[] = Array.from({ length: 41 }, (_, i) =>
  Number((0.1 * 10 ** (i / 8)).toPrecision(3)),
);
