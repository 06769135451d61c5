/** What one open-loop run found, as `--json` writes it and the report reads it. */
import type { Environment } from '../rig/environment.ts';
import type { Loss } from './load-connection.ts';
import type { FormatName } from './session/call-format.ts';

/** In `errors`: connections, not requests. */
export const CONNECTION_LOST = 'connection-lost';

/** Milliseconds at a few percentiles, from an HDR histogram of microseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

/** A point of the curve by percentile: `percentile` is 0 to 100, `ms` the value at it. */
export interface CurvePoint {
  readonly percentile: number;
  readonly ms: number;
}

export type Scheme = 'rfc9421-rsa' | 'rfc9421-es256' | 'hmac' | 'none';

/** HTTP/1.1, kept alive; or a session on each connection, in either subprotocol. */
export type Transport = 'http' | 'ws-json' | 'ws-msgpack';

export interface LoadOptions {
  readonly connections: number;
  /** Requests due per second, all connections together. */
  readonly rate: number;
  readonly durationSeconds: number;
  /** Before the measured time; in its first half the rate rises from 0. */
  readonly warmUpSeconds: number;
  /** HTTP where absent. */
  readonly transport?: Transport;
  /** Of each request over HTTP; of a session's handshake, and of its messages where they are. */
  readonly scheme: Scheme;
  /** Whether each message of a session is signed itself; not where absent. */
  readonly signsMessages?: boolean;
  readonly method: string;
  readonly bodyBytes: number;
  readonly seed: number;
  /** Processes that send. */
  readonly generators: number;
  readonly fronts: number;
  readonly workers: number;
  /** Whether the gateway writes its access log; off where absent. */
  readonly accessLog?: boolean;
  /**
   * Whether requests of safe methods share upstream connections, 4 with 16 in flight on each;
   * where absent as it comes, one request on each of 64.
   */
  readonly pipelined?: boolean;
  /** Whether each request has an Idempotency-Key of its own; not where absent. */
  readonly keyed?: boolean;
}

/** Undefined where a run has no sessions. */
export function formatOf({
  transport = 'http',
}: Pick<LoadOptions, 'transport'>): FormatName | undefined {
  return transport === 'ws-json' ? 'json' : transport === 'ws-msgpack' ? 'msgpack' : undefined;
}

/** The measured time by second. Every array of the timeline has one entry per second. */
export interface Timeline {
  /** Requests that were due. */
  readonly due: readonly number[];
  /** By the second in which the answer came, whenever the request was due; errors likewise. */
  readonly answered: readonly number[];
  readonly errors: readonly number[];
  /**
   * The fewest connections that were open in that second. Of several generators the sum of each
   * one's fewest, which errs against the gateway.
   */
  readonly openConnections: readonly number[];
  /** Resident memory of the gateway process, MB. */
  readonly rssMb: readonly number[];
  /** Share of one core that each thread of the gateway used, by its name. */
  readonly cpuByThread: Readonly<Record<string, readonly number[]>>;
  /**
   * Latency heat: `counts[second][bucket]` requests that were due in that second and took at most
   * `upperMs[bucket]` and more than the bucket before.
   */
  readonly heat: {
    readonly upperMs: readonly number[];
    readonly counts: readonly (readonly number[])[];
  };
  /** Milliseconds, of the requests that were due in each second. Absent in older results. */
  readonly p99?: readonly number[];
}

/** How late an idle timer fired: what the machine itself did to whoever was waiting. */
export interface Hiccup {
  readonly generator: Percentiles;
  /** Measured by a process of its own beside the gateway, on the same cores. */
  readonly gatewaySide: Percentiles;
}

export interface LoadResult extends LoadOptions, Percentiles {
  readonly name: 'load';
  /** ISO 8601. */
  readonly startedAt: string;
  /** Every option of the gateway's configuration whose value is not the product's default. */
  readonly configuration: Readonly<Record<string, string | number | boolean>>;
  /** Answers without error that came in the measured time, per second of it. */
  readonly achievedRate: number;
  /** Due in the measured time: answered, missed, and errors but for lost connections. */
  readonly requests: number;
  readonly answered: number;
  /**
   * By kind: a problem's code, `status-NNN` (not 200), `wrong-answer` (not the upstream's body),
   * `reset`, `timeout`, `malformed-answer`, `connect` (no connection was open), `unanswered`; of
   * sessions also `wrong-id`, `rpc-N` (an error without a problem), `closed-NNNN` (the code of a
   * close frame); and `connection-lost`, the sum of `connectionsLost`, which belongs to no request.
   */
  readonly errors: Readonly<Record<string, number>>;
  /**
   * Connections that the server closed while they were idle or behind an answer, that could not be
   * opened again (each attempt counts), or that sent bytes nobody had asked for: from the last of
   * the first openings to the end of the drain, warm-up included. One lost under a request is that
   * request's `reset`.
   */
  readonly connectionsLost: Readonly<Partial<Record<Loss, number>>>;
  /** The smallest of the timeline's `openConnections`. */
  readonly connectionsOpenMin: number;
  /** Due but never sent before the run ended. */
  readonly missedSends: number;
  /** Sent late because no connection was idle. */
  readonly noIdleConnection: number;
  /**
   * From the intended send time to the last byte of the answer. What timed out, was unanswered at
   * the end or never sent is in it with the time that it had waited by then.
   */
  readonly curve: readonly CurvePoint[];
  /**
   * From the actual send, of every request that was sent: the time on the wire and in the gateway,
   * without the wait for an idle connection. It still has every request that an open loop sends.
   */
  readonly fromActualSend: Percentiles & { readonly curve: readonly CurvePoint[] };
  /**
   * What a closed loop would have shown of the same samples: `clients` that wait for each answer,
   * and would have sent `requests` of what was due. Hides what it is compared with.
   */
  readonly closedLoop: Percentiles & {
    readonly clients: number;
    readonly requests: number;
    readonly curve: readonly CurvePoint[];
  };
  /**
   * Milliseconds by the gateway's own stages, of the measured time with up to 300 ms of warm-up
   * before it and the drain behind it. The percentiles of a stage are of the calls that spent time
   * in it; `meanMs` is over all calls, so that the means add up to the total's.
   */
  readonly stages: Readonly<Record<string, Percentiles & { readonly meanMs: number }>>;
  /** CPU microseconds per answered request; `process` is everything, the others its threads. */
  readonly cpuMicrosPerRequest: Readonly<Record<string, number>>;
  readonly upstreamCpuMicrosPerRequest: number;
  /**
   * Share of all cores' time that gateway, upstream and generators do not account for, in the
   * measured time: whoever else was on the machine, and what the kernel did for nobody. Absent in
   * older results.
   */
  readonly othersShare?: number;
  readonly rssMb: number;
  readonly hiccup: Hiccup;
  readonly generator: {
    /** How late each arrival was noticed, and sent where a connection was idle. */
    readonly lag: Percentiles;
    readonly cpuMicrosPerRequest: number;
    /** Busiest generator's share of one core. */
    readonly cpuShareMax: number;
    /** Empty, or why the generator and not the gateway was the limit; then nothing is published. */
    readonly limited: readonly string[];
  };
  readonly timeline: Timeline;
  readonly environment: Environment;
  /** The checkout's commit, with `+changes` where the tree differs from it; '' outside git. */
  readonly commit: string;
}
