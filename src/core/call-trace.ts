/** What a front thread tells of a sampled call: no path, query, header, body or token. */
import type { Exchange } from './exchange.ts';

export type SampledBy = 'head' | 'slow' | 'failed';

export interface CallTrace {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** Of the server span: 16 such digits, the parent that the upstream was told. */
  readonly spanId: string;
  /** Of the caller; undefined where the trace begins here. */
  readonly parentSpanId: string | undefined;
  readonly sampledBy: SampledBy;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Milliseconds in the order of STAGES; 0 for a stage that did not occur. */
  readonly stageMs: readonly number[];
  readonly requestId: string;
  readonly method: string;
  readonly scheme: Exchange['arrival']['scheme'];
  /** Whether it came as a message of a session. */
  readonly isMessage: boolean;
  readonly operationId: string | undefined;
  /** Path template of the operation. */
  readonly route: string | undefined;
  readonly appId: string | undefined;
  readonly partnerId: string | undefined;
  readonly upstreamId: string | undefined;
  /** Where the upstream has one target; of several it is not known which one answered. */
  readonly upstreamHost: string | undefined;
  readonly upstreamPort: number | undefined;
  /** 0 where no head was sent. */
  readonly status: number;
  readonly problem: string | undefined;
  readonly attempts: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly aborted: boolean;
}

/** Takes what calls a front has sampled; implemented by its telemetry. */
export interface TraceRecorder {
  /** Never throws, never waits. */
  append(call: CallTrace): void;
}

const REFUSED_STATUS = 400;
const FAILED_STATUS = 500;

/**
 * Whether the gateway or the upstream is at fault: by the status, or because an answer was broken
 * off behind its head, which leaves a problem that nobody was sent.
 */
export function hasFailed(status: number, hasProblem: boolean, aborted: boolean): boolean {
  return status >= FAILED_STATUS || (hasProblem && status < REFUSED_STATUS && !aborted);
}
